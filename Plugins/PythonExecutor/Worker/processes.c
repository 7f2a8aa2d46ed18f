#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Since Linux 5.3; the C library's headers may be older.
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

// How long is waited before another look, in milliseconds: at first, and at most.
enum { FIRST_WAIT = 1, LONGEST_WAIT = 16 };

enum verdict { UNKNOWN, BELOW, ELSEWHERE };

struct process {
    pid_t number, parent;
    enum verdict verdict;
};

// Every process of the machine, in order of their numbers.
struct census {
    struct process *processes;
    size_t count, capacity;
};

int processes_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

static int64_t monotonic_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// The parent of a process, read from its `stat`; 0 when it is gone.
static pid_t parent_of(pid_t process) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    char text[1024];
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    if (got <= 0) return 0;
    text[got] = 0;
    // The name in parentheses may itself hold parentheses and spaces: the last one ends it.
    const char *end = strrchr(text, ')');
    int parent = 0;
    if (end == NULL || sscanf(end + 1, " %*c %d", &parent) != 1) return 0;
    return (pid_t)parent;
}

static int compare(const void *one, const void *other) {
    pid_t first = ((const struct process *)one)->number, second = ((const struct process *)other)->number;
    return (first > second) - (first < second);
}

static struct process *find(const struct census *census, pid_t number) {
    struct process wanted = {.number = number};
    return bsearch(&wanted, census->processes, census->count, sizeof wanted, compare);
}

static void count_all(struct census *census) {
    census->count = 0;
    DIR *all = opendir("/proc");
    if (all == NULL) return;
    for (struct dirent *entry; (entry = readdir(all)) != NULL;) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
        if (census->count == census->capacity) {
            size_t capacity = census->capacity == 0 ? 256 : census->capacity * 2;
            struct process *processes = realloc(census->processes, capacity * sizeof *processes);
            // What does not fit is found once others are gone.
            if (processes == NULL) break;
            census->processes = processes;
            census->capacity = capacity;
        }
        pid_t number = (pid_t)atol(entry->d_name);
        census->processes[census->count++] = (struct process){.number = number, .parent = parent_of(number)};
    }
    closedir(all);
    if (census->count > 0) qsort(census->processes, census->count, sizeof *census->processes, compare);
}

// Finds out of every process whether it is below this one. A chain of parents is followed once only: it may be long.
static void judge_all(struct census *census, const pid_t *spared, size_t spared_count) {
    pid_t self = getpid();
    for (size_t index = 0; index < spared_count; index++) {
        struct process *process = find(census, spared[index]);
        if (process != NULL) process->verdict = ELSEWHERE;
    }
    struct process *own = find(census, self);
    if (own != NULL) own->verdict = ELSEWHERE;
    for (size_t index = 0; index < census->count; index++) {
        enum verdict verdict = ELSEWHERE;
        for (struct process *step = &census->processes[index]; step != NULL; step = find(census, step->parent)) {
            if (step->verdict != UNKNOWN) {
                verdict = step->verdict;
                break;
            }
            if (step->parent == self) {
                verdict = BELOW;
                break;
            }
        }
        for (struct process *step = &census->processes[index]; step != NULL && step->verdict == UNKNOWN;
             step = find(census, step->parent)) {
            step->verdict = verdict;
        }
    }
}

// Kills a process further below. Its number may have passed to another one since it was looked up; a descriptor does not.
static void kill_held(const struct process *process) {
    int held = (int)syscall(SYS_pidfd_open, process->number, 0);
    // An older kernel: it is killed once it has fallen to this process.
    if (held < 0) return;
    if (parent_of(process->number) == process->parent) (void)syscall(SYS_pidfd_send_signal, held, SIGKILL, NULL, 0);
    close(held);
}

// Kills everything below and reaps what has ended. Returns how many children are left; `reaped` says whether there was one.
static size_t round_of(
    struct census *census, const pid_t *spared, size_t spared_count, struct ending *ending, bool *reaped) {
    count_all(census);
    judge_all(census, spared, spared_count);
    pid_t self = getpid();
    size_t left = 0;
    *reaped = false;
    // All are killed before any is waited for: one that is traced by another is reaped only after that one.
    for (size_t index = 0; index < census->count; index++) {
        const struct process *process = &census->processes[index];
        if (process->verdict != BELOW) continue;
        // A child that is not reaped yet keeps its number, so this hits nobody else.
        if (process->parent == self) {
            kill(process->number, SIGKILL);
        } else {
            kill_held(process);
        }
    }
    for (size_t index = 0; index < census->count; index++) {
        const struct process *process = &census->processes[index];
        if (process->verdict != BELOW || process->parent != self) continue;
        int status = 0;
        pid_t ended = waitpid(process->number, &status, WNOHANG | __WALL);
        if (ended == 0) left++;
        if (ended <= 0) continue;
        *reaped = true;
        if (ended == ending->watched) {
            ending->reaped = true;
            ending->status = status;
        } else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
            ending->killed++;
        }
    }
    return left;
}

static bool has_children(void) {
    siginfo_t found;
    return waitid(P_ALL, 0, &found, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 || errno != ECHILD;
}

void processes_end_all_but(const pid_t *spared, size_t count, int milliseconds, struct ending *ending) {
    struct ending unwatched = {0};
    if (ending == NULL) ending = &unwatched;
    // The usual case costs one call: nothing was left behind.
    if (count == 0 && !has_children()) return;
    int64_t deadline = monotonic_milliseconds() + milliseconds;
    struct census census = {0};
    int wait = FIRST_WAIT;
    int empty = 0;
    for (;;) {
        bool reaped;
        size_t left = round_of(&census, spared, count, ending, &reaped);
        // The children of those that were reaped have fallen to this process now: look again.
        empty = left == 0 && !reaped ? empty + 1 : 0;
        // A look takes a while, in which processes change their parents. Two looks miss nobody who stays.
        if (count == 0 ? empty > 0 && !has_children() : empty > 1) break;
        if (milliseconds >= 0 && monotonic_milliseconds() >= deadline) break;
        if (reaped) {
            wait = FIRST_WAIT;
        } else {
            nanosleep(&(struct timespec){.tv_nsec = wait * 1000000L}, NULL);
            if (wait < LONGEST_WAIT) wait *= 2;
        }
    }
    free(census.processes);
}
