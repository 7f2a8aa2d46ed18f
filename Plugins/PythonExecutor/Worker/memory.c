#define _GNU_SOURCE
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bytes.h"

// Since Linux 5.14; the C library's headers may be older. An older kernel refuses them, and nothing is lost but time.
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

// Pages that stand as close as this are touched by one call, together with what is between them.
enum { CLOSE = 2 };

enum { MOST_STRETCHES = 1024 };

// Of /proc/self/pagemap: the page is there; nobody else has it.
static const uint64_t present = UINT64_C(1) << 63, exclusive = UINT64_C(1) << 56;

struct stretch {
    uintptr_t start, end;
    int advice;
};

static struct stretch stretches[MOST_STRETCHES];
static size_t count;
static size_t received;

// Adds the touched pages of one mapping. Code is touched where it is there at all: a fork begins without it. Data is
// touched where it is no longer shared with the process that was forked.
static void add_mapping(int pagemap, uintptr_t start, uintptr_t end, bool writable) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uint64_t wanted = writable ? present | exclusive : present;
    struct stretch *last = NULL;
    uint64_t entries[512];
    for (uintptr_t place = start; place < end;) {
        size_t left = (end - place) / page;
        size_t part = left < 512 ? left : 512;
        ssize_t got = pread(pagemap, entries, part * sizeof *entries, (off_t)(place / page * sizeof *entries));
        if (got < (ssize_t)sizeof *entries) return;
        for (size_t index = 0; index < (size_t)got / sizeof *entries; index++, place += page) {
            if ((entries[index] & wanted) != wanted) continue;
            if (last != NULL && place - last->end <= CLOSE * page) {
                last->end = place + page;
            } else if (count < MOST_STRETCHES) {
                last = &stretches[count++];
                *last = (struct stretch){
                    .start = place,
                    .end = place + page,
                    .advice = writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ,
                };
            }
        }
    }
}

void memory_report(int descriptor) {
    FILE *maps = fopen("/proc/self/maps", "re");
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    count = 0;
    char line[512];
    while (maps != NULL && pagemap >= 0 && fgets(line, sizeof line, maps) != NULL) {
        uintptr_t start, end;
        char access[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, access) != 3 || access[3] != 'p') continue;
        // The stack is where it is needed anyway; vdso and its like are the kernel's.
        if (strstr(line, "[stack]") != NULL || strstr(line, "[v") != NULL) continue;
        if (access[0] == 'r') add_mapping(pagemap, start, end, access[1] == 'w');
    }
    (void)bytes_write(descriptor, stretches, count * sizeof *stretches);
    if (maps != NULL) fclose(maps);
    if (pagemap >= 0) close(pagemap);
}

bool memory_learn(int descriptor) {
    char *space = (char *)stretches;
    ssize_t got = read(descriptor, space + received, sizeof stretches - received);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got > 0) {
        received += (size_t)got;
        if (received < sizeof stretches) return true;
    }
    count = received / sizeof *stretches;
    return false;
}

void memory_prefault(void) {
    for (size_t index = 0; index < count; index++) {
        const struct stretch *stretch = &stretches[index];
        if (madvise((void *)stretch->start, stretch->end - stretch->start, stretch->advice) < 0 && errno == EINVAL) return;
    }
}
