#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// How many processes are ended at a time; more need another round.
enum { ROUND = 512 };

struct round {
    pid_t processes[ROUND];
    size_t count;
    const pid_t *spared;
    size_t spared_count;
};

int processes_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

static void add(struct round *round, pid_t process) {
    if (process <= 0 || round->count == ROUND) return;
    for (size_t index = 0; index < round->spared_count; index++) {
        if (round->spared[index] == process) return;
    }
    round->processes[round->count++] = process;
}

// Adds the children that the kernel lists. Returns false when it keeps no such list.
static bool add_listed(struct round *round) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%ld/children", syscall(SYS_gettid));
    int list = open(path, O_RDONLY | O_CLOEXEC);
    if (list < 0) return false;
    pid_t number = 0;
    char part[4096];
    ssize_t got;
    while ((got = read(list, part, sizeof part)) > 0) {
        for (ssize_t index = 0; index < got; index++) {
            if (part[index] >= '0' && part[index] <= '9') {
                number = number * 10 + (part[index] - '0');
            } else {
                add(round, number);
                number = 0;
            }
        }
    }
    add(round, number);
    close(list);
    return true;
}

// The parent of a process, read from its `stat`; 0 when it is gone.
static pid_t parent_of(const char *process) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/stat", process);
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

// The same by looking at every process, for kernels without the list.
static void add_found(struct round *round) {
    DIR *all = opendir("/proc");
    if (all == NULL) return;
    pid_t self = getpid();
    for (struct dirent *entry; (entry = readdir(all)) != NULL;) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
        if (parent_of(entry->d_name) == self) add(round, (pid_t)atol(entry->d_name));
    }
    closedir(all);
}

int processes_end_all_but(const pid_t *spared, size_t count) {
    int killed = 0;
    for (;;) {
        if (count == 0) {
            // The usual case costs one call: nothing was left behind.
            pid_t ended = waitpid(-1, NULL, WNOHANG | __WALL);
            if (ended > 0) continue;
            if (ended < 0 && errno == ECHILD) return killed;
        }
        struct round round = {.spared = spared, .spared_count = count};
        if (!add_listed(&round)) add_found(&round);
        if (round.count == 0) return killed;
        // A child that is not reaped yet keeps its number, so this hits nobody else.
        for (size_t index = 0; index < round.count; index++) kill(round.processes[index], SIGKILL);
        for (size_t index = 0; index < round.count; index++) {
            int status = 0;
            pid_t ended;
            do {
                ended = waitpid(round.processes[index], &status, __WALL);
            } while (ended < 0 && errno == EINTR);
            if (ended > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) killed++;
        }
        // The children of those have fallen to this process now: look again.
    }
}
