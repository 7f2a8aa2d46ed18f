import ArgumentParser

/// `sluice`, the command line.
struct SluiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "Runs jobs: workflows of SQL and Python scripts.",
        discussion: """
            A job's scripts come from the catalogue: sync a folder of SQL scripts and a bucket folder of Python \
            scripts into it, then run a job by name or from its file. Everything is kept in one data folder.

            Exit codes: 0 succeeded, 1 the job failed, 2 bad usage or input, 3 engine fault.
            """,
        version: Version.current,
        subcommands: [
            SyncCommand.self, ScriptsCommand.self, PlanCommand.self, JobCommand.self, RunCommand.self,
            RunsCommand.self, LogsCommand.self, PoolCommand.self, ScheduleCommand.self, ServeCommand.self,
            DoctorCommand.self, BackupCommand.self, RestoreCommand.self, PruneCommand.self,
            DemoCommand.self,
        ])
}

enum Version {
    static let current = "0.1.0"
}
