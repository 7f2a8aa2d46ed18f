// The request of an attempt: a list of byte fields, see wire.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { REQUEST_FIELDS = 9 };

struct request {
    struct field {
        char *bytes;
        size_t length;
    } fields[REQUEST_FIELDS];
    size_t count;
};

// The request of a script that does next to nothing.
extern const struct request request_rehearsal;

// Reads a whole request. The fields live as long as the process. Returns false when the other end closed without one, or it
// makes no sense.
bool request_read(int socket, struct request *request);

// Splits a field of entries that each end with a zero byte into a list that ends with NULL. Returns NULL when there is
// no memory for it.
char **request_entries(const struct field *field);
