#define _GNU_SOURCE
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

// How many descriptors the walk may use; deeper folders are opened again and again instead.
enum { WALK_DESCRIPTORS = 16 };

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status;
    (void)place;
    if (kind == FTW_DP || kind == FTW_DNR) {
        (void)rmdir(path);
    } else {
        (void)unlink(path);
    }
    return 0;
}

// Gives folders that their script locked their permissions back, so that the walk can enter and empty them.
static int unlock_entry(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status;
    (void)place;
    if (kind == FTW_D || kind == FTW_DNR) (void)chmod(path, S_IRWXU);
    return 0;
}

void folder_remove(const char *path) {
    char temporary[PATH_MAX];
    // Most scripts leave nothing behind but the folder for temporary files, as empty as it was.
    if (snprintf(temporary, sizeof temporary, "%s/tmp", path) < (int)sizeof temporary) (void)rmdir(temporary);
    if (rmdir(path) == 0 || errno == ENOENT) return;
    (void)nftw(path, remove_entry, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    // A folder becomes readable only by the visit that unlocks it: one more visit for each further level of locks.
    for (int visit = 0; visit < 3 && access(path, F_OK) == 0; visit++) {
        (void)nftw(path, unlock_entry, WALK_DESCRIPTORS, FTW_PHYS | FTW_MOUNT);
        (void)nftw(path, remove_entry, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    }
}
