#include "limits.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../Link/include/wire.h"

// Which field of a script's request they are.
enum { LIMITS_FIELD = 8 };

// How many tasks others of the same user may start meanwhile.
enum { SPARE_TASKS = 64 };

// How much address space this process has by now, in bytes: it is the interpreter's, and not charged to the script.
static uint64_t address_space(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) return 0;
    if (fscanf(file, "%lu", &pages) != 1) pages = 0;
    fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

// How many processes and threads this user has on the machine.
static uint64_t tasks_of_user(void) {
    uint64_t count = 0;
    DIR *all = opendir("/proc");
    if (all == NULL) return 0;
    for (struct dirent *entry; (entry = readdir(all)) != NULL;) {
        struct stat status;
        char path[300];
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
        snprintf(path, sizeof path, "/proc/%s/task", entry->d_name);
        // A folder has a link for itself, one for its name and one for each folder in it.
        if (stat(path, &status) == 0 && status.st_uid == geteuid()) count += (uint64_t)status.st_nlink - 2;
    }
    closedir(all);
    return count;
}

static void limit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit old;
    if (getrlimit(resource, &old) < 0) return;
    // A limit that the machine has set already stays.
    if (old.rlim_max != RLIM_INFINITY && hard > old.rlim_max) hard = old.rlim_max;
    if (soft > hard) soft = hard;
    (void)setrlimit(resource, &(struct rlimit){.rlim_cur = soft, .rlim_max = hard});
}

void limits_apply(const struct request *request) {
    struct sluice_limits limits;
    if (request->count <= LIMITS_FIELD || request->fields[LIMITS_FIELD].length != sizeof limits) return;
    memcpy(&limits, request->fields[LIMITS_FIELD].bytes, sizeof limits);
    if (limits.memory_bytes > 0) {
        uint64_t bytes = address_space() + limits.memory_bytes;
        limit(RLIMIT_AS, bytes, bytes);
    }
    // The supervisor counts exactly. This bounds what it has to end: the kernel counts all that the user has, at all times,
    // and not at all for root, whose supervisor goes before others instead.
    if (limits.processes > 0 && geteuid() != 0) {
        uint64_t tasks = tasks_of_user() + limits.processes + SPARE_TASKS;
        limit(RLIMIT_NPROC, tasks, tasks);
    }
    if (limits.cpu_milliseconds > 0) {
        // The kernel counts seconds. Whoever ignores its signal is killed a second later.
        uint64_t seconds = (limits.cpu_milliseconds + 999) / 1000;
        limit(RLIMIT_CPU, seconds, seconds + 1);
    }
}
