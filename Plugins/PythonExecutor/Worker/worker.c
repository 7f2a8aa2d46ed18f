#define PY_SSIZE_T_CLEAN
#include "worker.h"

#include <Python.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../Link/include/wire.h"
#include "bytes.h"
#include "descriptors.h"
#include "interpreter.h"
#include "processes.h"
#include "supervisor.h"

// How long supervisors may take to end their attempts once the executor is gone.
enum { FAREWELL_MILLISECONDS = 10000 };

struct worker {
    int control;
    int signals;
    // The next attempt's supervisor, forked ahead of time so that no attempt waits for it; process 0 when there is none.
    struct spare spare;
    // Why there is no spare.
    int spare_error;
    // Every process that this one knows: supervisors with their attempt's number, the spare and inspectors with 0.
    pid_t *processes;
    uint64_t *numbers;
    size_t count, capacity;
};

void worker_tell(int control, unsigned int operation, unsigned long number, const char *text) {
    char message[sizeof(struct sluice_control) + SLUICE_CONTROL_TEXT];
    struct sluice_control head = {.operation = operation, .number = number};
    size_t length = strnlen(text, SLUICE_CONTROL_TEXT);
    memcpy(message, &head, sizeof head);
    memcpy(message + sizeof head, text, length);
    (void)bytes_send(control, message, sizeof head + length, NULL, 0);
}

// Makes room for one more process. Returns false when there is no memory.
static bool reserve(struct worker *self) {
    if (self->count < self->capacity) return true;
    size_t capacity = self->capacity == 0 ? 16 : self->capacity * 2;
    pid_t *processes = realloc(self->processes, capacity * sizeof *processes);
    if (processes != NULL) self->processes = processes;
    uint64_t *numbers = realloc(self->numbers, capacity * sizeof *numbers);
    if (numbers != NULL) self->numbers = numbers;
    if (processes == NULL || numbers == NULL) return false;
    self->capacity = capacity;
    return true;
}

static void remember(struct worker *self, pid_t process) {
    self->processes[self->count] = process;
    self->numbers[self->count] = 0;
    self->count++;
}

static void ensure_spare(struct worker *self) {
    if (self->spare.process > 0) return;
    if (!reserve(self)) {
        self->spare_error = ENOMEM;
        return;
    }
    PyOS_BeforeFork();
    int failed = supervisor_fork(&self->spare);
    self->spare_error = errno;
    PyOS_AfterFork_Parent();
    if (failed < 0) {
        self->spare.process = 0;
    } else {
        remember(self, self->spare.process);
    }
}

static void drop_spare(struct worker *self) {
    if (self->spare.process > 0) close(self->spare.handover);
    self->spare.process = 0;
}

// Hands an attempt to the spare. When that has died unnoticed, once more to a new one.
static void start_attempt(struct worker *self, uint64_t number, const int *descriptors, size_t count) {
    for (int trial = 0; trial < 2; trial++) {
        ensure_spare(self);
        if (self->spare.process <= 0) break;
        for (size_t index = 0; index < self->count; index++) {
            if (self->processes[index] == self->spare.process) self->numbers[index] = number;
        }
        bool sent = bytes_send(self->spare.handover, &number, sizeof number, descriptors, count);
        pid_t process = self->spare.process;
        drop_spare(self);
        if (sent) return;
        self->spare_error = errno;
        for (size_t index = 0; index < self->count; index++) {
            if (self->processes[index] == process) self->numbers[index] = 0;
        }
    }
    char text[256];
    snprintf(text, sizeof text, "no process could be started: %s", strerror(self->spare_error));
    worker_tell(self->control, SLUICE_CONTROL_LOST, number, text);
}

static void start_inspector(struct worker *self, int socket) {
    // When this fails the socket closes, which tells the executor.
    if (!reserve(self)) return;
    pid_t parent = getpid();
    PyOS_BeforeFork();
    pid_t process = fork();
    if (process == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent) _exit(1);
        prctl(PR_SET_NAME, "sluice-inspect");
        descriptors_close_all_but(&socket, 1);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        PyOS_AfterFork_Child();
        _exit(interpreter_inspect(socket));
    }
    PyOS_AfterFork_Parent();
    if (process > 0) remember(self, process);
}

// Obeys one message. Returns false when the executor is gone.
static bool obey(struct worker *self) {
    struct sluice_control message;
    int descriptors[2];
    ssize_t got = bytes_receive(self->control, &message, sizeof message, descriptors, 2);
    if (got <= 0) return false;
    if (got == (ssize_t)sizeof message && descriptors[0] >= 0) {
        if (message.operation == SLUICE_CONTROL_ATTEMPT) {
            start_attempt(self, message.number, descriptors, descriptors[1] >= 0 ? 2 : 1);
        } else if (message.operation == SLUICE_CONTROL_INSPECT) {
            start_inspector(self, descriptors[0]);
        }
    }
    // Only the processes below hold an attempt's sockets, so that its end is seen on the other side.
    bytes_close(&descriptors[0]);
    bytes_close(&descriptors[1]);
    return true;
}

// Says what became of a supervisor that did not finish.
static void report_lost(struct worker *self, uint64_t number, int status) {
    // What its attempt has left behind fell to this process.
    processes_end_all_but(self->processes, self->count);
    char text[256];
    if (WIFSIGNALED(status)) {
        snprintf(text, sizeof text, "the process that supervised the script was killed by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else {
        snprintf(text, sizeof text, "the process that supervised the script gave up");
    }
    worker_tell(self->control, SLUICE_CONTROL_LOST, number, text);
}

static void reap(struct worker *self) {
    struct signalfd_siginfo info;
    while (read(self->signals, &info, sizeof info) > 0) {
    }
    int status;
    pid_t process;
    while ((process = waitpid(-1, &status, WNOHANG)) > 0) {
        if (process == self->spare.process) drop_spare(self);
        for (size_t index = 0; index < self->count; index++) {
            if (self->processes[index] != process) continue;
            uint64_t number = self->numbers[index];
            self->count--;
            self->processes[index] = self->processes[self->count];
            self->numbers[index] = self->numbers[self->count];
            bool finished = WIFEXITED(status) && WEXITSTATUS(status) == 0;
            if (!finished && number != 0) report_lost(self, number, status);
            break;
        }
    }
}

// Lets the supervisors, which see for themselves that the executor is gone, end their attempts; then ends them.
static void farewell(struct worker *self) {
    drop_spare(self);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        bool supervised = false;
        for (size_t index = 0; index < self->count; index++) supervised = supervised || self->numbers[index] != 0;
        clock_gettime(CLOCK_MONOTONIC, &now);
        long passed = (now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000;
        if (!supervised || passed >= FAREWELL_MILLISECONDS) break;
        struct pollfd watched = {.fd = self->signals, .events = POLLIN};
        if (poll(&watched, 1, (int)(FAREWELL_MILLISECONDS - passed)) > 0) reap(self);
    }
    processes_end_all_but(NULL, 0);
}

int worker_serve(int control) {
    struct worker self = {.control = control};
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    if (processes_adopt_orphans() < 0 || sigprocmask(SIG_SETMASK, &watched, NULL) < 0) return 1;
    self.signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    if (self.signals < 0) return 1;
    bool is_ripe = false;
    for (;;) {
        ensure_spare(&self);
        struct pollfd ready[2] = {
            {.fd = control, .events = POLLIN},
            {.fd = self.signals, .events = POLLIN},
        };
        int count = poll(ready, 2, is_ripe ? -1 : 0);
        if (count < 0 && errno != EINTR) break;
        if (count == 0) is_ripe = !interpreter_ripen();
        if (count <= 0) continue;
        if (ready[1].revents != 0) reap(&self);
        if (ready[0].revents != 0 && !obey(&self)) break;
    }
    farewell(&self);
    free(self.processes);
    free(self.numbers);
    return 0;
}
