#define PY_SSIZE_T_CLEAN
#include "script.h"

#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "descriptors.h"
#include "interpreter.h"
#include "isolation.h"
#include "limits.h"
#include "memory.h"
#include "request.h"
#include "worker.h"

// Where the channel to the supervisor is moved, out of the way of scripts that close or count low descriptors.
enum { CHANNEL_DESCRIPTOR = 1000 };

// Status of a program that could not be started, as shells have it.
enum { STATUS_NOT_STARTED = 127 };

// The signals that the worker ignores for itself.
static const int ignored[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGXFSZ};

static void move(int from, int to) {
    if (from != to && dup2(from, to) < 0) _exit(STATUS_NOT_STARTED);
}

// Replaces this process by another program, such as an installer. Fields: kind, folder, arguments, environment.
__attribute__((noreturn)) static void become_program(const struct request *request) {
    if (request->count != 4) _exit(STATUS_NOT_STARTED);
    char folder[PATH_MAX];
    const struct field *place = &request->fields[1];
    char **arguments = request_entries(&request->fields[2]);
    char **environment = request_entries(&request->fields[3]);
    if (arguments == NULL || arguments[0] == NULL || environment == NULL || place->length >= sizeof folder) {
        _exit(STATUS_NOT_STARTED);
    }
    memcpy(folder, place->bytes, place->length);
    folder[place->length] = 0;
    if (chdir(folder) < 0) {
        dprintf(STDERR_FILENO, "cannot enter %s: %s\n", folder, strerror(errno));
        _exit(STATUS_NOT_STARTED);
    }
    // What this process ignores or handles, the program shall not.
    for (size_t index = 0; index < sizeof ignored / sizeof *ignored; index++) signal(ignored[index], SIG_DFL);
    execve(arguments[0], arguments, environment);
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", arguments[0], strerror(errno));
    _exit(STATUS_NOT_STARTED);
}

void script_run(pid_t supervisor, int socket, int output, int error, int channel) {
    // Dies with its supervisor, whatever becomes of that one; and not at all, if it is gone already.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != supervisor) _exit(STATUS_NOT_STARTED);
    if (setsid() < 0) _exit(STATUS_NOT_STARTED);
    prctl(PR_SET_NAME, "sluice-script");
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input < 0) _exit(STATUS_NOT_STARTED);
    move(input, STDIN_FILENO);
    move(output, STDOUT_FILENO);
    move(error, STDERR_FILENO);
    int moved = fcntl(channel, F_DUPFD_CLOEXEC, CHANNEL_DESCRIPTOR);
    if (moved >= 0) channel = moved;
    int kept[] = {socket, channel};
    descriptors_close_all_but(kept, 2);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    PyOS_AfterFork_Child();
    // Under load a request waits already, and is served better by what its own script touches.
    struct pollfd waiting = {.fd = socket, .events = POLLIN};
    if (poll(&waiting, 1, 0) == 0) memory_prefault();
    interpreter_warm();
    struct request request;
    if (!request_read(socket, &request)) _exit(0);
    close(socket);
    if (worker_confines) isolation_confine();
    const struct field *kind = &request.fields[0];
    if (kind->length == 7 && memcmp(kind->bytes, "program", 7) == 0) become_program(&request);
    limits_apply(&request);
    exit(interpreter_run(&request, channel));
}
