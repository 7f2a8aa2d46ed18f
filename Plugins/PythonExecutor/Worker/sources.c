#include "sources.h"

// One executable is all that a host app has to carry.
#pragma clang diagnostic ignored "-Wc23-extensions"

const char source_bootstrap[] = {
#embed "bootstrap.py" suffix(, 0)
};

const char source_inspector[] = {
#embed "inspector.py" suffix(, 0)
};

const char source_sluice[] = {
#embed "sluice.py" suffix(, 0)
};

const char source_databases[] = {
#embed "databases.py" suffix(, 0)
};
