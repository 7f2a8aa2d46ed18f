#define _GNU_SOURCE
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../Link/include/wire.h"
#include "bytes.h"
#include "descriptors.h"
#include "folder.h"
#include "processes.h"
#include "script.h"

// How long output is awaited from pipes that somebody outside the attempt still holds open.
enum { DRAIN_MILLISECONDS = 1000 };

// How often is looked at what an attempt takes, in milliseconds: at first, and at least.
enum { FIRST_PAUSE = 16, LONGEST_PAUSE = 256 };

// How many descriptors the executor may have held open.
enum { MOST_HELD = 2 };

struct supervisor {
    pid_t script;
    // The read ends of the script's standard output and error; -1 once they have ended.
    int output, error;
    // The socket to the script's side; -1 once it has ended.
    int channel;
    // The socket to the executor.
    int attempt;
    // What is held open for the executor; -1 where there is nothing.
    int held[MOST_HELD];
    int signals;
    // When everything is to be killed, in milliseconds of the monotonic clock; -1 for never.
    int64_t deadline;
    bool ended, killed;
    // What the attempt may take, and which of it was too much; and when that is looked at next and how often, in
    // milliseconds: short attempts closely, long ones at leisure.
    struct sluice_limits limits;
    int limit;
    int64_t next_look, pause, time_is_over;
    // Whether an event waits for its reply: until then no other is passed on, or a script that asks and never listens
    // could fill both directions of the executor's socket, and nobody could move.
    bool asked;
    int status;
    // The attempt's working folder; empty until the executor names it.
    char folder[PATH_MAX];
    char buffer[SLUICE_FRAME_LIMIT];
};

static int64_t monotonic_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Ends everything without a word, because nobody is left to hear it or because this supervisor cannot do its work.
__attribute__((noreturn)) static void give_up(struct supervisor *self) {
    processes_end_all_but(NULL, 0, -1, NULL);
    if (self->folder[0] != 0) folder_remove(self->folder);
    _exit(1);
}

static void say(struct supervisor *self, uint32_t type, const void *payload, size_t count) {
    if (!bytes_write_frame(self->attempt, type, payload, count)) give_up(self);
}

static void signal_script(struct supervisor *self, int number) {
    if (self->ended) return;
    // The script leads a group of its own. It is not reaped yet, so neither number can belong to another.
    if (kill(-self->script, number) < 0) kill(self->script, number);
}

// Passes on what a pipe holds now. Returns false once it has ended or would make us wait.
static bool relay_pipe(struct supervisor *self, int *pipe, uint32_t type) {
    ssize_t got;
    do {
        got = read(*pipe, self->buffer, sizeof self->buffer);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        say(self, type, self->buffer, (size_t)got);
        return true;
    }
    if (got == 0 || errno != EAGAIN) bytes_close(pipe);
    return false;
}

// Passes on one message of the script's side. Returns false when there is none now.
static bool relay_event(struct supervisor *self) {
    ssize_t got;
    do {
        got = recv(self->channel, self->buffer, sizeof self->buffer, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        self->asked = self->buffer[0] == SLUICE_EVENT_RESULT || self->buffer[0] == SLUICE_EVENT_ARTIFACT;
        say(self, SLUICE_FRAME_EVENT, self->buffer, (size_t)got);
        return true;
    }
    if (got == 0 || errno != EAGAIN) bytes_close(&self->channel);
    return false;
}

// Gives the script's side one message. It waits for one answer at a time: whoever has not taken the answers before, or has
// gone, gets no more, and never holds this process up.
static void tell_script(struct supervisor *self, size_t count) {
    if (self->channel < 0) return;
    ssize_t sent;
    do {
        sent = send(self->channel, self->buffer, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
}

// Begins to hold the attempt to its limits.
static void hold_to(struct supervisor *self, const struct sluice_limits *limits) {
    self->limits = *limits;
    int64_t now = monotonic_milliseconds();
    if (limits->wall_milliseconds > 0) self->time_is_over = now + (int64_t)limits->wall_milliseconds;
    if (limits->memory_bytes > 0 || limits->cpu_milliseconds > 0 || limits->processes > 0) {
        if (limits->processes > 0) processes_hurry();
        self->pause = FIRST_PAUSE;
        self->next_look = now + self->pause;
    }
}

// Tells the script to end, and has it killed after a grace.
static void terminate(struct supervisor *self, uint32_t grace) {
    int64_t deadline = monotonic_milliseconds() + grace;
    if (self->deadline < 0) signal_script(self, SIGTERM);
    if (self->deadline < 0 || deadline < self->deadline) self->deadline = deadline;
}

// Looks at what the attempt takes. Sets `killed` when it has to end at once.
static void look(struct supervisor *self) {
    int64_t now = monotonic_milliseconds();
    if (self->time_is_over >= 0 && now >= self->time_is_over) {
        self->time_is_over = -1;
        if (self->deadline < 0) self->limit = SLUICE_LIMIT_WALL;
        terminate(self, self->limits.grace_milliseconds);
    }
    if (self->next_look < 0 || now < self->next_look) return;
    struct usage usage = processes_usage();
    int limit = SLUICE_LIMIT_NONE;
    if (self->limits.processes > 0 && usage.processes > self->limits.processes) limit = SLUICE_LIMIT_PROCESSES;
    if (self->limits.cpu_milliseconds > 0 && usage.cpu_milliseconds > self->limits.cpu_milliseconds) limit = SLUICE_LIMIT_CPU;
    uint64_t memory = self->limits.memory_bytes;
    // The exact share is dear to ask for, and cannot be larger.
    if (memory > 0 && usage.resident_bytes > memory && processes_memory() > memory) limit = SLUICE_LIMIT_MEMORY;
    if (limit != SLUICE_LIMIT_NONE) {
        self->limit = limit;
        self->killed = true;
    }
    if (self->pause < LONGEST_PAUSE) self->pause *= 2;
    self->next_look = monotonic_milliseconds() + self->pause;
}

static int64_t earlier(int64_t one, int64_t other) { return one < 0 || (other >= 0 && other < one) ? other : one; }

// Obeys one frame of the executor.
static void obey(struct supervisor *self) {
    struct sluice_frame header;
    int held[MOST_HELD];
    ssize_t got = bytes_receive(self->attempt, &header, sizeof header, held, MOST_HELD);
    if (got <= 0) give_up(self);
    if (bytes_read(self->attempt, (char *)&header + got, sizeof header - (size_t)got) != 1) give_up(self);
    for (size_t index = 0; index < MOST_HELD; index++) {
        if (self->held[index] < 0) {
            self->held[index] = held[index];
        } else {
            bytes_close(&held[index]);
        }
    }
    if (header.length > sizeof self->buffer) give_up(self);
    if (header.length > 0 && bytes_read(self->attempt, self->buffer, header.length) != 1) give_up(self);
    switch (header.type) {
    case SLUICE_FRAME_FOLDER:
        if (header.length >= sizeof self->folder) give_up(self);
        memcpy(self->folder, self->buffer, header.length);
        self->folder[header.length] = 0;
        break;
    case SLUICE_FRAME_REPLY:
        self->asked = false;
        tell_script(self, header.length);
        break;
    case SLUICE_FRAME_TERMINATE: {
        uint32_t grace = 0;
        if (header.length >= sizeof grace) memcpy(&grace, self->buffer, sizeof grace);
        terminate(self, grace);
        break;
    }
    case SLUICE_FRAME_LIMITS: {
        struct sluice_limits limits;
        if (header.length != sizeof limits) give_up(self);
        memcpy(&limits, self->buffer, sizeof limits);
        hold_to(self, &limits);
        break;
    }
    default:
        break;
    }
}

// Reaps what has ended: the script, and orphans of it.
static void reap(struct supervisor *self) {
    struct signalfd_siginfo info;
    while (read(self->signals, &info, sizeof info) > 0) {
    }
    int status;
    pid_t process;
    while ((process = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
        if (process == self->script) {
            self->ended = true;
            self->status = status;
        }
    }
}

// Relays until the script's own process has ended, or has to be ended with all others.
static void relay(struct supervisor *self) {
    while (!self->ended && !self->killed) {
        struct pollfd watched[5] = {
            {.fd = self->signals, .events = POLLIN}, {.fd = self->attempt, .events = POLLIN},
            {.fd = self->output, .events = POLLIN},  {.fd = self->error, .events = POLLIN},
            {.fd = self->asked ? -1 : self->channel, .events = POLLIN},
        };
        int timeout = -1;
        int64_t next = earlier(self->deadline, earlier(self->next_look, self->time_is_over));
        if (next >= 0) {
            int64_t left = next - monotonic_milliseconds();
            timeout = left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
        }
        int ready = poll(watched, 5, timeout);
        if (ready < 0 && errno != EINTR) give_up(self);
        self->killed = self->deadline >= 0 && monotonic_milliseconds() >= self->deadline;
        look(self);
        if (ready <= 0) continue;
        if (watched[1].revents != 0) obey(self);
        if (watched[2].revents != 0) relay_pipe(self, &self->output, SLUICE_FRAME_OUTPUT);
        if (watched[3].revents != 0) relay_pipe(self, &self->error, SLUICE_FRAME_ERROR);
        if (watched[4].revents != 0) relay_event(self);
        if (watched[0].revents != 0) reap(self);
    }
}

// Passes on what is left in pipes and channel. Every writer of the attempt is dead; a pipe that does not end is held
// by a process elsewhere, for which nobody waits long.
static void drain(struct supervisor *self) {
    while (self->channel >= 0 && relay_event(self)) {
    }
    int64_t deadline = monotonic_milliseconds() + DRAIN_MILLISECONDS;
    while (self->output >= 0 || self->error >= 0) {
        struct pollfd watched[2] = {
            {.fd = self->output, .events = POLLIN},
            {.fd = self->error, .events = POLLIN},
        };
        int64_t left = deadline - monotonic_milliseconds();
        if (left <= 0) return;
        int ready = poll(watched, 2, (int)left);
        if (ready < 0 && errno != EINTR) return;
        if (ready <= 0) continue;
        if (watched[0].revents != 0) relay_pipe(self, &self->output, SLUICE_FRAME_OUTPUT);
        if (watched[1].revents != 0) relay_pipe(self, &self->error, SLUICE_FRAME_ERROR);
    }
}

__attribute__((noreturn)) static void finish(struct supervisor *self) {
    struct ending ending = {.watched = self->ended ? 0 : self->script, .reaped = self->ended, .status = self->status};
    processes_end_all_but(NULL, 0, -1, &ending);
    drain(self);
    if (self->folder[0] != 0) folder_remove(self->folder);
    struct sluice_final final = {
        .status = WIFEXITED(ending.status) ? WEXITSTATUS(ending.status) : 0,
        .signal = WIFSIGNALED(ending.status) ? WTERMSIG(ending.status) : 0,
        .leftovers = ending.killed,
        .killed = self->killed,
        .limit = self->limit,
    };
    say(self, SLUICE_FRAME_FINAL, &final, sizeof final);
    _exit(0);
}

__attribute__((noreturn)) static void supervise(int attempt, int request) {
    static struct supervisor self = {.held = {-1, -1}, .deadline = -1, .next_look = -1, .time_is_over = -1};
    prctl(PR_SET_NAME, "sluice-attempt");
    self.attempt = attempt;
    int output[2], error[2], channel[2];
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    if (processes_adopt_orphans() < 0 || sigprocmask(SIG_SETMASK, &watched, NULL) < 0) _exit(SUPERVISOR_NOT_STARTED);
    self.signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    if (self.signals < 0 || pipe2(output, O_CLOEXEC) < 0 || pipe2(error, O_CLOEXEC) < 0
        || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0) {
        _exit(SUPERVISOR_NOT_STARTED);
    }
    pid_t supervisor = getpid();
    self.script = fork();
    if (self.script < 0) _exit(SUPERVISOR_NOT_STARTED);
    if (self.script == 0) script_run(supervisor, request, output[1], error[1], channel[1]);
    close(request);
    close(output[1]);
    close(error[1]);
    close(channel[1]);
    self.output = output[0];
    self.error = error[0];
    self.channel = channel[0];
    if (fcntl(self.output, F_SETFL, O_NONBLOCK) < 0 || fcntl(self.error, F_SETFL, O_NONBLOCK) < 0) give_up(&self);
    relay(&self);
    finish(&self);
}

static void close_both(const int ends[2]) {
    close(ends[0]);
    close(ends[1]);
}

pid_t supervisor_fork(struct offer *offer) {
    int attempt[2], request[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, attempt) < 0) return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, request) < 0) {
        close_both(attempt);
        return -1;
    }
    pid_t process = fork();
    if (process < 0) {
        int reason = errno;
        close_both(attempt);
        close_both(request);
        errno = reason;
        return -1;
    }
    if (process == 0) {
        int kept[] = {attempt[1], request[1]};
        descriptors_close_all_but(kept, 2);
        supervise(attempt[1], request[1]);
    }
    close(attempt[1]);
    close(request[1]);
    *offer = (struct offer){.attempt = attempt[0], .request = request[0]};
    return process;
}
