import Dispatch

/// Where one session's blocking calls run: a serial queue with a thread of its own, never the cooperative pool.
final class SessionQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "sluice.sql-session")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }
}
