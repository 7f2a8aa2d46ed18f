// The worker of the Python executor: one embedded CPython for one environment, from which every attempt is forked.
//
// The executor starts it with its control socket as descriptor 3. Its arguments are the interpreter to be and, for as long
// as there are more, the folders that scripts must not see, each behind a `-`, and those in them that they may, behind a
// `+`. With any of these, scripts are confined. Or it gets `--isolation`, and prints what this machine offers of that.
// It has one thread from beginning to end, because only a process with one thread forks into a sound one.

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../Link/include/wire.h"
#include "descriptors.h"
#include "interpreter.h"
#include "isolation.h"
#include "worker.h"

enum { STATUS_USAGE = 2 };

// Hides and shows what the arguments say. Returns false with the reason.
static bool isolate(char **arguments, size_t count, char *reason, size_t size) {
    if (count == 0) return true;
    char **hidden = calloc(2 * (count + 1), sizeof *hidden);
    if (hidden == NULL) return false;
    char **shown = hidden + count + 1;
    size_t hidden_count = 0, shown_count = 0;
    for (size_t index = 0; index < count; index++) {
        if (arguments[index][0] == '-') hidden[hidden_count++] = arguments[index] + 1;
        if (arguments[index][0] == '+') shown[shown_count++] = arguments[index] + 1;
    }
    int error = isolation_hide(hidden, shown);
    // Nothing is hidden then; what else confines scripts still does.
    if (error < 0) error = 0;
    if (error != 0) snprintf(reason, size, "folders cannot be hidden from scripts: %s", strerror(error));
    free(hidden);
    worker_confines = true;
    return error == 0;
}

int main(int count, char **arguments) {
    if (count == 2 && strcmp(arguments[1], "--isolation") == 0) {
        isolation_report();
        return 0;
    }
    struct stat control;
    if (count < 2 || fstat(SLUICE_CONTROL_DESCRIPTOR, &control) < 0 || !S_ISSOCK(control.st_mode)) {
        fputs("sluice-python is started by Sluice, which runs Python scripts in it; run `sluice` instead.\n", stderr);
        return STATUS_USAGE;
    }
    if (descriptors_open_standard() < 0) return 1;
    char reason[SLUICE_CONTROL_TEXT];
    if (!isolate(arguments + 2, (size_t)count - 2, reason, sizeof reason)) {
        worker_tell(SLUICE_CONTROL_DESCRIPTOR, &(struct sluice_control){.operation = SLUICE_CONTROL_REFUSED}, reason);
        return 1;
    }
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
