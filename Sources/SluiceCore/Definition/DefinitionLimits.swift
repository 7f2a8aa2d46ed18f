/// The limits of `blue.md`, *Limits*, in characters.
public enum DefinitionLimits {
    public static let jobName = 128
    public static let taskName = 128
    public static let description = 255
    public static let identifier = 128
    /// Largest value that passes between tasks, in bytes of its JSON.
    public static let value = 64 * 1_024
}
