#define _GNU_SOURCE
#include "descriptors.h"

#include <limits.h>
#include <unistd.h>

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
        if (next > first) (void)close_range(first, next - 1, 0);
        if (next >= first) first = next + 1;
    }
    (void)close_range(first, UINT_MAX, 0);
}
