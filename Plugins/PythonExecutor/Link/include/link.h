// What Swift cannot import or say: sockets with descriptors attached, and starting the worker.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "wire.h"

// Makes a pair of connected sockets, close-on-exec: a byte stream, or one that keeps messages apart.
// Returns 0 or an error number.
int sluice_link_pair(bool messages, int ends[2]);

// Starts the worker in a session of its own, with `control` as its control socket and no other descriptor of this
// process but standard error. Both lists end with NULL. Returns 0 or an error number.
int sluice_link_spawn(
    const char *path, char *const arguments[], char *const environment[], int control, pid_t *process);

// Sends bytes with at most two descriptors attached; those that are -1 are left out. Returns 0 or an error number. Waits
// until all is sent.
int sluice_link_send(int socket, const void *bytes, size_t count, int first, int second);

// Receives one message with at most two descriptors, which are close-on-exec and -1 where none came.
// Returns its size, 0 at the end, or -1 with errno set.
ssize_t sluice_link_receive(int socket, void *message, size_t size, int descriptors[2]);

// Sends as much as goes without waiting. Returns how much that is.
size_t sluice_link_send_some(int socket, const void *bytes, size_t count);

// Writes all bytes to a stream socket, without SIGPIPE. Returns 0 or an error number.
int sluice_link_write(int socket, const void *bytes, size_t count);

// Reads exactly `count` bytes. Returns 0, ENODATA at the end of the stream, or an error number.
int sluice_link_read(int socket, void *bytes, size_t count);

// Waits for a child to end. Returns its exit status, or 128 plus the number of the signal that ended it.
int sluice_link_wait(pid_t process);

// Writes everything to disk that the file system behind `descriptor` holds back. Returns 0 or an error number.
int sluice_link_sync(int descriptor);

// What a signal is called: `Segmentation fault`, and `SIGSEGV`. Never NULL.
const char *sluice_link_signal_text(int number);
const char *sluice_link_signal_name(int number);
