#define _GNU_SOURCE
#include "descriptors.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

int descriptors_open_standard(void) {
    int opened;
    do {
        opened = open("/dev/null", O_RDWR);
        if (opened < 0) return -1;
    } while (opened <= STDERR_FILENO);
    return close(opened);
}

// Closes a range, where the kernel or a sandbox does not do it in one call.
static void close_each(unsigned int first, unsigned int last) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= last) last = (unsigned int)limit.rlim_cur;
    for (unsigned int descriptor = first; descriptor <= last && descriptor < INT_MAX; descriptor++) {
        (void)close((int)descriptor);
    }
}

static void close_all(unsigned int first, unsigned int last) {
    if (first <= last && close_range(first, last, 0) < 0) close_each(first, last);
}

void descriptors_close_all_but(int *kept, size_t count) {
    for (size_t index = 1; index < count; index++) {
        for (size_t place = index; place > 0 && kept[place - 1] > kept[place]; place--) {
            int swapped = kept[place];
            kept[place] = kept[place - 1];
            kept[place - 1] = swapped;
        }
    }
    unsigned int first = STDERR_FILENO + 1;
    for (size_t index = 0; index < count; index++) {
        unsigned int next = (unsigned int)kept[index];
        if (next > first) close_all(first, next - 1);
        if (next >= first) first = next + 1;
    }
    close_all(first, UINT_MAX);
}
