#include "bytes.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../Link/include/wire.h"

enum { MOST_DESCRIPTORS = 4 };

bool bytes_write(int descriptor, const void *bytes, size_t count) {
    const char *next = bytes;
    while (count > 0) {
        ssize_t written = write(descriptor, next, count);
        if (written < 0) {
            if (errno == EINTR) continue;
            return false;
        }
        next += written;
        count -= (size_t)written;
    }
    return true;
}

int bytes_read(int descriptor, void *bytes, size_t count) {
    char *next = bytes;
    while (count > 0) {
        ssize_t got = read(descriptor, next, count);
        if (got < 0) {
            if (errno == EINTR) continue;
            return -1;
        }
        if (got == 0) return 0;
        next += got;
        count -= (size_t)got;
    }
    return 1;
}

bool bytes_write_frame(int descriptor, uint32_t type, const void *payload, size_t count) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct sluice_frame header = {
        .length = (uint32_t)count,
        .type = type,
        .time = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
    };
    struct iovec parts[2] = {
        {.iov_base = &header, .iov_len = sizeof header},
        {.iov_base = (void *)payload, .iov_len = count},
    };
    size_t total = sizeof header + count;
    ssize_t written;
    do {
        written = writev(descriptor, parts, count > 0 ? 2 : 1);
    } while (written < 0 && errno == EINTR);
    if (written < 0) return false;
    if ((size_t)written == total) return true;
    // A stream socket may take a part: the rest follows piece by piece.
    size_t done = (size_t)written;
    if (done < sizeof header) {
        if (!bytes_write(descriptor, (const char *)&header + done, sizeof header - done)) return false;
        done = sizeof header;
    }
    return bytes_write(descriptor, (const char *)payload + (done - sizeof header), total - done);
}

bool bytes_send(int socket, const void *message, size_t size, const int *descriptors, size_t count) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * MOST_DESCRIPTORS)];
    } control;
    struct iovec part = {.iov_base = (void *)message, .iov_len = size};
    struct msghdr envelope = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > MOST_DESCRIPTORS) {
        errno = EINVAL;
        return false;
    }
    if (count > 0) {
        memset(&control, 0, sizeof control);
        envelope.msg_control = control.space;
        envelope.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        struct cmsghdr *rights = CMSG_FIRSTHDR(&envelope);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(rights), descriptors, sizeof(int) * count);
    }
    ssize_t sent;
    do {
        sent = sendmsg(socket, &envelope, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size;
}

ssize_t bytes_receive(int socket, void *message, size_t size, int *descriptors, size_t capacity) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * MOST_DESCRIPTORS)];
    } control;
    struct iovec part = {.iov_base = message, .iov_len = size};
    struct msghdr envelope = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.space,
        .msg_controllen = sizeof control.space,
    };
    for (size_t index = 0; index < capacity; index++) descriptors[index] = -1;
    ssize_t got;
    do {
        got = recvmsg(socket, &envelope, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return -1;
    size_t taken = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&envelope); header != NULL; header = CMSG_NXTHDR(&envelope, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t index = 0; index < count; index++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + index * sizeof(int), sizeof descriptor);
            if (taken < capacity) {
                descriptors[taken++] = descriptor;
            } else {
                close(descriptor);
            }
        }
    }
    return got;
}

void bytes_close(int *descriptor) {
    if (*descriptor >= 0) close(*descriptor);
    *descriptor = -1;
}
