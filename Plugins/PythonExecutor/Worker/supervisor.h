// One attempt's supervisor: it stands between executor and script, and outlives every process of the script.
#pragma once

#include <sys/types.h>

// A supervisor that waits for its attempt, its script's process already forked.
struct spare {
    pid_t process;
    // Where it takes its attempt: one message of any content with one or two descriptors. Closing it ends the spare.
    int handover;
};

// Forks a spare. To be called between PyOS_BeforeFork and PyOS_AfterFork_Parent; only the script's process, which
// calls PyOS_AfterFork_Child, runs Python. Returns 0, or -1 with errno set.
int supervisor_fork(struct spare *spare);
