#define _GNU_SOURCE
#include "memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

// Since Linux 5.14; the C library's headers may be older. An older kernel refuses them, and nothing is lost but time.
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

// Mappings larger than this are no part of a bare interpreter.
enum { LARGEST = 16 * 1024 * 1024 };

void memory_prefault(void) {
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL) return;
    char line[512];
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t start, end;
        char access[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, access) != 3 || end - start > LARGEST) continue;
        bool interpreter = strstr(line, "/libpython") != NULL;
        bool heap = strchr(line, '/') == NULL && (strchr(line, '[') == NULL || strstr(line, "[heap]") != NULL);
        if (strcmp(access, "rw-p") == 0 && (interpreter || heap)) {
            (void)madvise((void *)start, end - start, MADV_POPULATE_WRITE);
        } else if (interpreter) {
            (void)madvise((void *)start, end - start, MADV_POPULATE_READ);
        }
    }
    fclose(maps);
}
