#define _GNU_SOURCE
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

int sluice_link_pair(bool messages, int ends[2]) {
    int type = messages ? SOCK_SEQPACKET : SOCK_STREAM;
    return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0 ? errno : 0;
}

static int prepare_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0) error = posix_spawnattr_setsigdefault(attributes, &all);
    // A session of its own: a Ctrl-C on the terminal is for the command line alone, which then ends its attempts.
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
    if (error == 0) error = posix_spawnattr_setflags(attributes, flags);
    return error;
}

static int prepare_descriptors(posix_spawn_file_actions_t *actions, int control) {
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0) error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    // Onto itself, too, this takes away close-on-exec.
    if (error == 0) error = posix_spawn_file_actions_adddup2(actions, control, SLUICE_CONTROL_DESCRIPTOR);
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(actions, SLUICE_CONTROL_DESCRIPTOR + 1);
    return error;
}

int sluice_link_spawn(
    const char *path, char *const arguments[], char *const environment[], int control, pid_t *process) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0) return error;
    error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = prepare_attributes(&attributes);
        if (error == 0) error = prepare_descriptors(&actions, control);
        if (error == 0) error = posix_spawn(process, path, &actions, &attributes, arguments, environment);
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return error;
}

int sluice_link_send(int socket, const void *bytes, size_t count, int first, int second) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(2 * sizeof(int))];
    } control;
    int descriptors[2];
    size_t attached = 0;
    if (first >= 0) descriptors[attached++] = first;
    if (second >= 0) descriptors[attached++] = second;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr envelope = {.msg_iov = &part, .msg_iovlen = 1};
    if (attached > 0) {
        memset(&control, 0, sizeof control);
        envelope.msg_control = control.space;
        envelope.msg_controllen = CMSG_SPACE(attached * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&envelope);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(attached * sizeof(int));
        memcpy(CMSG_DATA(rights), descriptors, attached * sizeof(int));
    }
    ssize_t sent;
    do {
        sent = sendmsg(socket, &envelope, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) return errno;
    // The descriptors have gone with the first byte.
    return sluice_link_write(socket, (const char *)bytes + sent, count - (size_t)sent);
}

ssize_t sluice_link_receive(int socket, void *message, size_t size, int descriptors[2]) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = message, .iov_len = size};
    struct msghdr envelope = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.space,
        .msg_controllen = sizeof control.space,
    };
    descriptors[0] = descriptors[1] = -1;
    ssize_t got;
    do {
        got = recvmsg(socket, &envelope, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return -1;
    // The space holds two at most; the kernel drops what would not fit.
    struct cmsghdr *header = CMSG_FIRSTHDR(&envelope);
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        memcpy(descriptors, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    }
    return got;
}

size_t sluice_link_send_some(int socket, const void *bytes, size_t count) {
    ssize_t sent;
    do {
        sent = send(socket, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? 0 : (size_t)sent;
}

int sluice_link_write(int socket, const void *bytes, size_t count) {
    const char *next = bytes;
    while (count > 0) {
        ssize_t sent = send(socket, next, count, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        next += sent;
        count -= (size_t)sent;
    }
    return 0;
}

int sluice_link_read(int socket, void *bytes, size_t count) {
    char *next = bytes;
    while (count > 0) {
        ssize_t got = read(socket, next, count);
        if (got < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        if (got == 0) return ENODATA;
        next += got;
        count -= (size_t)got;
    }
    return 0;
}

int sluice_link_wait(pid_t process) {
    int status = 0;
    while (waitpid(process, &status, 0) < 0) {
        if (errno != EINTR) return 0;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int sluice_link_sync(int descriptor) { return syncfs(descriptor) < 0 ? errno : 0; }

const char *sluice_link_signal_text(int number) {
    const char *text = sigdescr_np(number);
    return text != NULL ? text : "unknown signal";
}

const char *sluice_link_signal_name(int number) {
    static const char *const names[] = {
        [SIGHUP] = "SIGHUP",   [SIGINT] = "SIGINT",   [SIGQUIT] = "SIGQUIT", [SIGILL] = "SIGILL",
        [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT", [SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",
        [SIGKILL] = "SIGKILL", [SIGUSR1] = "SIGUSR1", [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
        [SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM", [SIGXCPU] = "SIGXCPU",
        [SIGXFSZ] = "SIGXFSZ", [SIGSYS] = "SIGSYS",
    };
    size_t count = sizeof names / sizeof *names;
    if (number > 0 && (size_t)number < count && names[number] != NULL) return names[number];
    return "a signal";
}
