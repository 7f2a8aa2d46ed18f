// The process in which a script runs.
#pragma once

#include <sys/types.h>

// Takes its request from the socket `request`, runs it with `output` and `error` as its standard streams, and exits as
// the script does. To be called right after fork, in the process of the script.
__attribute__((noreturn)) void script_run(pid_t supervisor, int request, int output, int error, int channel);
