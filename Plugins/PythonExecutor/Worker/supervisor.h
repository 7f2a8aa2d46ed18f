// One attempt's supervisor: it stands between executor and script, and outlives every process of the script.
#pragma once

#include <sys/types.h>

// The status with which a supervisor exits that could not fork its script's process.
enum { SUPERVISOR_NOT_STARTED = 2 };

// What the executor gets of an attempt whose processes wait for their request: closing `attempt` ends them.
struct offer {
    int attempt, request;
};

// Forks a supervisor and its script's process. To be called between PyOS_BeforeFork and PyOS_AfterFork_Parent; only the
// script's process, which calls PyOS_AfterFork_Child, runs Python. Returns the supervisor, or -1 with errno set.
pid_t supervisor_fork(struct offer *offer);
