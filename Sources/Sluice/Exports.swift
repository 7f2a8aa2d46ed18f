@_exported import SluiceCatalogue
@_exported import SluiceCore
@_exported import SluiceEngine
@_exported import SluiceStore
