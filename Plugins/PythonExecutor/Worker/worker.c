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

// How much longer than its attempt's grace a supervisor that was told to end may take, and how long the processes that it
// leaves behind.
enum { SUPERVISOR_MILLISECONDS = 3000, REMAINS_MILLISECONDS = 5000 };

bool worker_confines;

// A process that the worker has started.
struct child {
    pid_t process;
    // A supervisor's attempt; 0 for others.
    uint64_t number;
    // When it is to be killed if it is still there, in milliseconds of the monotonic clock; -1 for never.
    int64_t deadline;
};

struct worker {
    int control;
    int signals;
    struct child *children;
    size_t count, capacity;
};

static int64_t monotonic_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

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
    struct child *children = realloc(self->children, capacity * sizeof *children);
    if (children == NULL) return false;
    self->children = children;
    self->capacity = capacity;
    return true;
}

static void remember(struct worker *self, pid_t process, uint64_t number) {
    self->children[self->count++] = (struct child){.process = process, .number = number, .deadline = -1};
}

static struct child forget(struct worker *self, size_t index) {
    struct child child = self->children[index];
    self->children[index] = self->children[--self->count];
    return child;
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

// Sees to it that an attempt which was told to end does so, even if its supervisor is stopped or traced.
static void expect_end(struct worker *self, uint64_t number, uint32_t grace) {
    int64_t deadline = monotonic_milliseconds() + grace + SUPERVISOR_MILLISECONDS;
    for (size_t index = 0; index < self->count; index++) {
        struct child *child = &self->children[index];
        if (child->number == number && (child->deadline < 0 || deadline < child->deadline)) child->deadline = deadline;
    }
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
        if (message.operation == SLUICE_CONTROL_END && message.number != 0) expect_end(self, message.number, message.value);
    }
    // Only the inspector holds its socket, so that its end is seen on the other side.
    bytes_close(&socket);
    return true;
}

// Ends everything below but what the children do that this process knows.
static void end_remains(const struct worker *self, struct ending *ending) {
    pid_t *known = calloc(self->count + 1, sizeof *known);
    if (known == NULL) return;
    for (size_t index = 0; index < self->count; index++) known[index] = self->children[index].process;
    processes_end_all_but(known, self->count, REMAINS_MILLISECONDS, ending);
    free(known);
}

// Says what became of an attempt whose supervisor did not finish.
static void tell_lost(const struct worker *self, uint64_t number, bool started, const char *text) {
    struct sluice_control head = {.operation = SLUICE_CONTROL_LOST, .value = started, .number = number};
    worker_tell(self->control, &head, text);
}

static void report_lost(const struct worker *self, uint64_t number, int status) {
    // What its attempt has left behind fell to this process.
    end_remains(self, NULL);
    char text[SLUICE_CONTROL_TEXT];
    bool started = !WIFEXITED(status) || WEXITSTATUS(status) != SUPERVISOR_NOT_STARTED;
    if (!started) {
        snprintf(text, sizeof text, "no process can be started");
    } else if (WIFSIGNALED(status)) {
        snprintf(text, sizeof text, "the process that supervised the script was killed by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else {
        snprintf(text, sizeof text, "the process that supervised the script gave up");
    }
    tell_lost(self, number, started, text);
}

// Ends the attempts whose supervisors did not in time.
static void end_overdue(struct worker *self) {
    int64_t now = monotonic_milliseconds();
    for (size_t index = 0; index < self->count;) {
        if (self->children[index].deadline < 0 || self->children[index].deadline > now) {
            index++;
            continue;
        }
        struct child child = forget(self, index);
        // It goes with all that is below it: whatever traces it must die before it can be reaped.
        struct ending ending = {.watched = child.process};
        end_remains(self, &ending);
        tell_lost(self, child.number, true, "the process that supervised the script did not answer and was killed");
    }
}

// How long the worker may wait before the next supervisor is overdue, in milliseconds; -1 for ever.
static int patience(const struct worker *self) {
    int64_t earliest = -1;
    for (size_t index = 0; index < self->count; index++) {
        int64_t deadline = self->children[index].deadline;
        if (deadline >= 0 && (earliest < 0 || deadline < earliest)) earliest = deadline;
    }
    if (earliest < 0) return -1;
    int64_t left = earliest - monotonic_milliseconds();
    return left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

static void reap(struct worker *self) {
    struct signalfd_siginfo info;
    while (read(self->signals, &info, sizeof info) > 0) {
    }
    int status;
    pid_t process;
    while ((process = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
        for (size_t index = 0; index < self->count; index++) {
            if (self->children[index].process != process) continue;
            if (WIFSTOPPED(status)) {
                // Nobody but a script, or a slip, stops what supervises it.
                kill(process, SIGCONT);
                break;
            }
            uint64_t number = forget(self, index).number;
            bool finished = WIFEXITED(status) && WEXITSTATUS(status) == 0;
            if (!finished && number != 0) report_lost(self, number, status);
            break;
        }
    }
}

// Lets the supervisors, which see for themselves that the executor is gone, end their attempts; then ends them.
static void farewell(struct worker *self) {
    int64_t deadline = monotonic_milliseconds() + FAREWELL_MILLISECONDS;
    for (;;) {
        bool supervised = false;
        for (size_t index = 0; index < self->count; index++) supervised = supervised || self->children[index].number != 0;
        int64_t left = deadline - monotonic_milliseconds();
        if (!supervised || left <= 0) break;
        struct pollfd watched = {.fd = self->signals, .events = POLLIN};
        if (poll(&watched, 1, (int)left) > 0) reap(self);
    }
    processes_end_all_but(NULL, 0, REMAINS_MILLISECONDS, NULL);
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
        int count = poll(ready, 3, is_ripe ? patience(&self) : 0);
        if (count < 0 && errno != EINTR) break;
        end_overdue(&self);
        if (count == 0 && !is_ripe) {
            is_ripe = !interpreter_ripen();
            if (is_ripe) rehearsal = start_rehearsal(&self);
        }
        if (count <= 0) continue;
        if (ready[2].revents != 0 && !memory_learn(rehearsal)) bytes_close(&rehearsal);
        if (ready[1].revents != 0) reap(&self);
        if (ready[0].revents != 0 && !obey(&self)) break;
    }
    farewell(&self);
    free(self.children);
    return 0;
}
