/// The limits of `blue.md`, *Limits*, in characters, and Sluice's own.
public enum DefinitionLimits {
    public static let jobName = 128
    public static let taskName = 128
    public static let description = 255
    public static let identifier = 128
    /// Largest value that passes between tasks, in bytes of its JSON.
    public static let value = 64 * 1_024
    /// How many tasks a job may have.
    public static let tasks = 5_000
    public static let priorities = -5...5
    /// How many retries a task may ask for.
    public static let retries = 100
    /// The longest time that a limit or a delay may name, in seconds: ten years.
    public static let seconds = 315_360_000.0
}
