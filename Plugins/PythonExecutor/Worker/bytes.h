// Reading, writing and framing on descriptors. Every function retries after signals.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Writes all of it. Returns false on an error, with errno set.
bool bytes_write(int descriptor, const void *bytes, size_t count);

// Reads exactly `count` bytes. Returns 1, or 0 at the end of the stream, or -1 with errno set.
int bytes_read(int descriptor, void *bytes, size_t count);

// Writes a frame that carries the present time.
bool bytes_write_frame(int descriptor, uint32_t type, const void *payload, size_t count);

// Sends one message, with `count` descriptors attached.
bool bytes_send(int socket, const void *message, size_t size, const int *descriptors, size_t count);

// Receives one message with at most `capacity` descriptors, which are close-on-exec and set to -1 where none came.
// Returns its size, 0 at the end, or -1 with errno set.
ssize_t bytes_receive(int socket, void *message, size_t size, int *descriptors, size_t capacity);

// Closes `*descriptor` unless it is negative, and makes it -1.
void bytes_close(int *descriptor);
