// The worker of the Python executor: one embedded CPython for one environment, from which every attempt is forked.
//
// The executor starts it with its control socket as descriptor 3 and the interpreter to be as its only argument.
// It has one thread from beginning to end, because only a process with one thread forks into a sound one.

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../Link/include/wire.h"
#include "descriptors.h"
#include "interpreter.h"
#include "worker.h"

enum { STATUS_USAGE = 2 };

int main(int count, char **arguments) {
    struct stat control;
    if (count != 2 || fstat(SLUICE_CONTROL_DESCRIPTOR, &control) < 0 || !S_ISSOCK(control.st_mode)) {
        fputs("sluice-python is started by Sluice, which runs Python scripts in it; run `sluice` instead.\n", stderr);
        return STATUS_USAGE;
    }
    if (descriptors_open_standard() < 0) return 1;
    char reason[SLUICE_CONTROL_TEXT];
    if (interpreter_start(arguments[1], reason, sizeof reason) < 0) {
        worker_tell(SLUICE_CONTROL_DESCRIPTOR, &(struct sluice_control){.operation = SLUICE_CONTROL_REFUSED}, reason);
        return 1;
    }
    // The end of the control socket ends this process and all below; a signal to the whole house must not do it
    // before scripts had their grace.
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    struct sluice_control ready = {.operation = SLUICE_CONTROL_READY};
    worker_tell(SLUICE_CONTROL_DESCRIPTOR, &ready, interpreter_version());
    return worker_serve(SLUICE_CONTROL_DESCRIPTOR);
}
