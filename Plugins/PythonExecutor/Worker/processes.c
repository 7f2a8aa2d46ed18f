#define _GNU_SOURCE
#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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

// After how many looks this process needs to go before others.
enum { MANY_ROUNDS = 4 };

enum verdict { UNKNOWN, BELOW, ELSEWHERE };

struct process {
    pid_t number, parent, group;
    enum verdict verdict;
    bool is_dead;
    // Computing time with that of reaped children, in ticks of the clock.
    unsigned long ticks;
    long resident_pages;
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

// A process as its `stat` describes it; without a parent when it is gone.
static struct process look_up(pid_t number) {
    struct process process = {.number = number};
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", number);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return process;
    char text[1024];
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    if (got <= 0) return process;
    text[got] = 0;
    // The name in parentheses may itself hold parentheses and spaces: the last one ends it.
    const char *end = strrchr(text, ')');
    char state;
    int parent, group;
    unsigned long user, system;
    long children_user, children_system, pages;
    if (end != NULL
        && sscanf(end + 1,
                  " %c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld %*d %*d %*d %*d %*u %*u %ld", &state,
                  &parent, &group, &user, &system, &children_user, &children_system, &pages)
            == 8) {
        process.parent = (pid_t)parent;
        process.group = (pid_t)group;
        process.is_dead = state == 'Z' || state == 'X';
        process.ticks = user + system + (unsigned long)children_user + (unsigned long)children_system;
        process.resident_pages = pages;
    }
    return process;
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
        census->processes[census->count++] = look_up(number);
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
static bool kill_held(const struct process *process) {
    int held = (int)syscall(SYS_pidfd_open, process->number, 0);
    // An older kernel: it is killed once it has fallen to this process.
    if (held < 0) return false;
    bool is_same = look_up(process->number).parent == process->parent;
    if (is_same) (void)syscall(SYS_pidfd_send_signal, held, SIGKILL, NULL, 0);
    close(held);
    return is_same;
}

// Kills everything below. Groups are killed as such: that leaves nobody out who is forked meanwhile. All in the group of a
// process below are below, because the first of them all began a session.
static void kill_all(const struct census *census) {
    const pid_t self = getpid(), own_group = getpgrp();
    pid_t last_group = 0;
    for (size_t index = 0; index < census->count; index++) {
        const struct process *process = &census->processes[index];
        if (process->verdict != BELOW || process->is_dead) continue;
        if (process->group == last_group) continue;
        // A child that is not reaped yet keeps its number, so this hits nobody else.
        bool is_killed = process->parent == self ? kill(process->number, SIGKILL) == 0 : kill_held(process);
        if (!is_killed || process->group <= 1 || process->group == own_group) continue;
        last_group = process->group;
        (void)kill(-process->group, SIGKILL);
    }
}

void processes_hurry(void) {
    // What it forks later goes like others.
    (void)sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &(struct sched_param){.sched_priority = 1});
}

static void relax(void) { (void)sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0}); }

// Kills everything below and reaps what has ended. Returns how many children are left; `reaped` says whether there was one.
static size_t round_of(
    struct census *census, const pid_t *spared, size_t spared_count, struct ending *ending, bool *reaped) {
    count_all(census);
    judge_all(census, spared, spared_count);
    pid_t self = getpid();
    size_t left = 0;
    *reaped = false;
    // All are killed before any is waited for: one that is traced by another is reaped only after that one.
    kill_all(census);
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

struct usage processes_usage(void) {
    struct census census = {0};
    struct usage usage = {0};
    uint64_t ticks = 0;
    count_all(&census);
    judge_all(&census, NULL, 0);
    for (size_t index = 0; index < census.count; index++) {
        const struct process *process = &census.processes[index];
        if (process->verdict != BELOW) continue;
        ticks += process->ticks;
        if (process->is_dead) continue;
        usage.processes++;
        usage.resident_bytes += (uint64_t)process->resident_pages * (uint64_t)sysconf(_SC_PAGESIZE);
    }
    free(census.processes);
    struct rusage reaped;
    usage.cpu_milliseconds = ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
    if (getrusage(RUSAGE_CHILDREN, &reaped) == 0) {
        usage.cpu_milliseconds += (uint64_t)(reaped.ru_utime.tv_sec + reaped.ru_stime.tv_sec) * 1000
            + (uint64_t)(reaped.ru_utime.tv_usec + reaped.ru_stime.tv_usec) / 1000;
    }
    return usage;
}

// The proportional share of a process in the machine's memory, in bytes; 0 when it is gone or the kernel does not say.
static uint64_t memory_of(pid_t number) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", number);
    FILE *file = fopen(path, "re");
    unsigned long kilobytes = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL && sscanf(line, "Pss: %lu", &kilobytes) != 1) {
    }
    if (file != NULL) fclose(file);
    return (uint64_t)kilobytes * 1024;
}

uint64_t processes_memory(void) {
    struct census census = {0};
    uint64_t bytes = 0;
    count_all(&census);
    judge_all(&census, NULL, 0);
    for (size_t index = 0; index < census.count; index++) {
        if (census.processes[index].verdict == BELOW) bytes += memory_of(census.processes[index].number);
    }
    free(census.processes);
    return bytes;
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
    int empty = 0, rounds = 0;
    for (;;) {
        bool reaped;
        size_t left = round_of(&census, spared, count, ending, &reaped);
        if (++rounds == MANY_ROUNDS) processes_hurry();
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
    if (rounds >= MANY_ROUNDS) relax();
    free(census.processes);
}
