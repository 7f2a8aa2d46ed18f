#define _GNU_SOURCE
#include "isolation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Linux's own numbers (landlock(7)); the C library's headers may be older than the kernel.
enum {
    CREATE_RULESET = 444,
    ADD_RULE = 445,
    RESTRICT_SELF = 446,
    VERSION = 1 << 0,
    RULE_PATH_BENEATH = 1,
};

static const uint64_t make_block_device = UINT64_C(1) << 11, refer = UINT64_C(1) << 13;
static const uint64_t scope_abstract_sockets = UINT64_C(1) << 0, scope_signals = UINT64_C(1) << 1;

// Moving files between folders is refused in every domain that does not allow it, and the first version cannot allow it.
enum { OLDEST_LANDLOCK = 2, LANDLOCK_WITH_SCOPES = 6 };

struct ruleset {
    uint64_t files, network, scoped;
};

struct path_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

static bool write_text(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    ssize_t count = write(file, text, strlen(text));
    close(file);
    return count == (ssize_t)strlen(text);
}

// Makes a view of the files of its own; an ordinary user needs a user namespace for that, in which nothing else changes.
// Returns 0, an error number, or -1 when there is none to be had.
static int unshare_files(void) {
    if (unshare(CLONE_NEWNS) == 0) return 0;
    char users[64], groups[64];
    snprintf(users, sizeof users, "%u %u 1", geteuid(), geteuid());
    snprintf(groups, sizeof groups, "%u %u 1", getegid(), getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) return -1;
    errno = 0;
    if (!write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/uid_map", users)
        || !write_text("/proc/self/gid_map", groups)) {
        return errno != 0 ? errno : EPERM;
    }
    return 0;
}

static bool make_folders(const char *path) {
    char part[PATH_MAX];
    size_t length = strlen(path);
    if (length >= sizeof part) return false;
    for (size_t index = 1; index <= length; index++) {
        if (path[index] != '/' && path[index] != 0) continue;
        memcpy(part, path, index);
        part[index] = 0;
        if (mkdir(part, 0755) < 0 && errno != EEXIST && errno != EROFS && errno != EACCES) return false;
    }
    return true;
}

static bool show_again(const char *path, int held) {
    char source[64];
    snprintf(source, sizeof source, "/proc/self/fd/%d", held);
    return make_folders(path) && mount(source, path, NULL, MS_BIND | MS_REC, NULL) == 0;
}

int isolation_hide(char *const hidden[], char *const shown[]) {
    size_t count = 0;
    while (shown[count] != NULL) count++;
    int *held = calloc(count + 1, sizeof *held);
    if (held == NULL) return ENOMEM;
    int error = unshare_files();
    // What is mounted outside later on appears here as well; what is mounted here appears nowhere else.
    if (error == 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0) error = errno;
    // Held before they are out of reach, and in this view: those of another one cannot be mounted.
    for (size_t index = 0; index < count; index++) held[index] = open(shown[index], O_PATH | O_DIRECTORY | O_CLOEXEC);
    const unsigned long flags = MS_NOSUID | MS_NODEV;
    for (size_t index = 0; error == 0 && hidden[index] != NULL; index++) {
        if (mount("sluice", hidden[index], "tmpfs", flags, "mode=0755,size=64k") < 0) error = errno;
    }
    for (size_t index = 0; error == 0 && index < count; index++) {
        if (held[index] >= 0 && !show_again(shown[index], held[index])) error = errno;
    }
    for (size_t index = 0; error == 0 && hidden[index] != NULL; index++) {
        if (mount(NULL, hidden[index], NULL, MS_REMOUNT | MS_RDONLY | flags, NULL) < 0) error = errno;
    }
    for (size_t index = 0; index < count; index++) {
        if (held[index] >= 0) close(held[index]);
    }
    free(held);
    // A current folder that is hidden now would still be there.
    if (error == 0 && chdir("/") < 0) error = errno;
    return error;
}

static long landlock_version(void) { return syscall(CREATE_RULESET, NULL, 0, VERSION); }

static void report(const char *word, const char *reason) { printf("%s\t%s\n", word, reason != NULL ? reason : "yes"); }

// Whether the control groups of this machine's kernel, in their second version, could hold an attempt.
static void report_groups(void) {
    char line[1024] = "";
    FILE *file = fopen("/sys/fs/cgroup/cgroup.controllers", "re");
    if (file == NULL) return report("groups", "the second version of control groups is not what /sys/fs/cgroup holds");
    if (fgets(line, sizeof line, file) == NULL) line[0] = 0;
    fclose(file);
    if (strstr(line, "memory") == NULL || strstr(line, "pids") == NULL) {
        return report("groups", "control groups have no controllers of memory and processes here");
    }
    report("groups", access("/sys/fs/cgroup/cgroup.procs", W_OK) == 0 ? NULL : "no control group is delegated to this user");
}

void isolation_report(void) {
    char text[128];
    long version = landlock_version();
    if (version < 0) {
        snprintf(text, sizeof text, "the kernel has no Landlock, or it is switched off: %s", strerror(errno));
    } else if (version < LANDLOCK_WITH_SCOPES) {
        snprintf(text, sizeof text, "the kernel's Landlock is version %ld, and signals are kept back from 6 on", version);
    }
    report("processes", version < LANDLOCK_WITH_SCOPES ? text : NULL);
    report_groups();
    // Last, because it changes this process.
    int error = unshare_files();
    if (error == 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0) error = errno;
    if (error != 0) {
        snprintf(text, sizeof text, "nobody may have a view of the files of his own here: %s",
                 strerror(error > 0 ? error : errno));
    }
    report("folders", error != 0 ? text : NULL);
}

void isolation_confine(void) {
    long version = landlock_version();
    if (version < OLDEST_LANDLOCK) return;
    struct ruleset attributes = {.files = make_block_device | refer};
    size_t size = sizeof attributes.files;
    if (version >= LANDLOCK_WITH_SCOPES) {
        attributes.scoped = scope_abstract_sockets | scope_signals;
        size = sizeof attributes;
    }
    int ruleset = (int)syscall(CREATE_RULESET, &attributes, size, 0);
    if (ruleset < 0) return;
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct path_beneath everywhere = {.allowed = refer, .parent = root};
    if (root >= 0 && syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &everywhere, 0) == 0
        && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
        (void)syscall(RESTRICT_SELF, ruleset, 0);
    }
    if (root >= 0) close(root);
    close(ruleset);
}
