#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include "worker.h"

#include <Python.h>

#include <errno.h>
#include <fcntl.h>
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
#include "memory.h"
#include "processes.h"
#include "request.h"
#include "supervisor.h"

// How long supervisors may take to end their attempts once the executor is gone.
enum { FAREWELL_MILLISECONDS = 10000 };

// How long a rehearsal may take before it ends itself.
enum { REHEARSAL_SECONDS = 10 };

struct worker {
    int control;
    int signals;
    // Every process that this one knows: supervisors with their attempt's number, others with 0.
    pid_t *processes;
    uint64_t *numbers;
    size_t count, capacity;
};

void worker_tell(int control, const struct sluice_control *head, const char *text) {
    char message[sizeof *head + SLUICE_CONTROL_TEXT];
    size_t length = strnlen(text, SLUICE_CONTROL_TEXT);
    memcpy(message, head, sizeof *head);
    memcpy(message + sizeof *head, text, length);
    (void)bytes_send(control, message, sizeof *head + length, NULL, 0);
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

static void remember(struct worker *self, pid_t process, uint64_t number) {
    self->processes[self->count] = process;
    self->numbers[self->count] = number;
    self->count++;
}

static pid_t fork_attempt(struct worker *self, struct offer *offer) {
    if (!reserve(self)) {
        errno = ENOMEM;
        return -1;
    }
    PyOS_BeforeFork();
    pid_t process = supervisor_fork(offer);
    int reason = errno;
    PyOS_AfterFork_Parent();
    errno = reason;
    return process;
}

// Forks an attempt's processes and offers them to the executor.
static void start_attempt(struct worker *self, uint64_t number) {
    struct offer offer;
    pid_t process = fork_attempt(self, &offer);
    if (process < 0) {
        char text[256];
        snprintf(text, sizeof text, "no process can be started: %s", strerror(errno));
        struct sluice_control head = {.operation = SLUICE_CONTROL_FAILED, .number = number};
        worker_tell(self->control, &head, text);
        return;
    }
    remember(self, process, number);
    struct sluice_control head = {.operation = SLUICE_CONTROL_OFFER, .number = number};
    int descriptors[] = {offer.attempt, offer.request};
    // When this fails the executor is gone, and closing these ends what was forked.
    (void)bytes_send(self->control, &head, sizeof head, descriptors, 2);
    close(offer.attempt);
    close(offer.request);
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
    if (process > 0) remember(self, process, 0);
}

// Lets a process do what scripts do, to learn which memory that takes. Returns where to read it, or -1.
static int start_rehearsal(struct worker *self) {
    int report[2];
    if (!reserve(self) || pipe2(report, O_CLOEXEC) < 0) return -1;
    pid_t parent = getpid();
    PyOS_BeforeFork();
    pid_t process = fork();
    if (process == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent) _exit(1);
        descriptors_close_all_but(&report[1], 1);
        // Nobody reads what it might say, and it must not stay.
        alarm(REHEARSAL_SECONDS);
        PyOS_AfterFork_Child();
        interpreter_warm();
        (void)interpreter_run(&request_rehearsal, -1);
        memory_report(report[1]);
        _exit(0);
    }
    PyOS_AfterFork_Parent();
    close(report[1]);
    if (process < 0) {
        close(report[0]);
        return -1;
    }
    remember(self, process, 0);
    return report[0];
}

// Obeys one message. Returns false when the executor is gone.
static bool obey(struct worker *self) {
    struct sluice_control message;
    int socket;
    ssize_t got = bytes_receive(self->control, &message, sizeof message, &socket, 1);
    if (got <= 0) return false;
    if (got == (ssize_t)sizeof message) {
        if (message.operation == SLUICE_CONTROL_WANT) start_attempt(self, message.number);
        if (message.operation == SLUICE_CONTROL_INSPECT && socket >= 0) start_inspector(self, socket);
    }
    // Only the inspector holds its socket, so that its end is seen on the other side.
    bytes_close(&socket);
    return true;
}

// Says what became of a supervisor that did not finish.
static void report_lost(struct worker *self, uint64_t number, int status) {
    // What its attempt has left behind fell to this process.
    processes_end_all_but(self->processes, self->count);
    char text[256];
    bool started = !WIFEXITED(status) || WEXITSTATUS(status) != SUPERVISOR_NOT_STARTED;
    if (!started) {
        snprintf(text, sizeof text, "no process can be started");
    } else if (WIFSIGNALED(status)) {
        snprintf(text, sizeof text, "the process that supervised the script was killed by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else {
        snprintf(text, sizeof text, "the process that supervised the script gave up");
    }
    struct sluice_control head = {.operation = SLUICE_CONTROL_LOST, .started = started, .number = number};
    worker_tell(self->control, &head, text);
}

static void reap(struct worker *self) {
    struct signalfd_siginfo info;
    while (read(self->signals, &info, sizeof info) > 0) {
    }
    int status;
    pid_t process;
    while ((process = waitpid(-1, &status, WNOHANG)) > 0) {
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
    // Set once all is prepared that can be, and once it is known what scripts touch.
    bool is_ripe = false;
    int rehearsal = -1;
    for (;;) {
        struct pollfd ready[3] = {
            {.fd = control, .events = POLLIN},
            {.fd = self.signals, .events = POLLIN},
            {.fd = rehearsal, .events = POLLIN},
        };
        int count = poll(ready, 3, is_ripe ? -1 : 0);
        if (count < 0 && errno != EINTR) break;
        if (count == 0) {
            is_ripe = !interpreter_ripen();
            if (is_ripe) rehearsal = start_rehearsal(&self);
        }
        if (count <= 0) continue;
        if (ready[2].revents != 0 && !memory_learn(rehearsal)) bytes_close(&rehearsal);
        if (ready[1].revents != 0) reap(&self);
        if (ready[0].revents != 0 && !obey(&self)) break;
    }
    farewell(&self);
    free(self.processes);
    free(self.numbers);
    return 0;
}
