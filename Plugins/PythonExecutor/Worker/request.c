#include "request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../Link/include/wire.h"
#include "bytes.h"

static bool parse(char *bytes, size_t length, struct request *request) {
    size_t place = 0;
    request->count = 0;
    while (place < length) {
        uint32_t size;
        if (request->count == REQUEST_FIELDS || length - place < sizeof size) return false;
        memcpy(&size, bytes + place, sizeof size);
        place += sizeof size;
        if (length - place < size) return false;
        request->fields[request->count++] = (struct field){.bytes = bytes + place, .length = size};
        place += size;
    }
    return request->count > 0;
}

bool request_receive(int channel, struct request *request) {
    // Every message is a type and a part of the request.
    enum { MESSAGE = sizeof(uint32_t) + SLUICE_FRAME_LIMIT };
    char *bytes = NULL;
    size_t length = 0;
    for (;;) {
        char *larger = realloc(bytes, length + MESSAGE);
        if (larger == NULL) break;
        bytes = larger;
        ssize_t got = bytes_receive(channel, bytes + length, MESSAGE, NULL, 0);
        uint32_t type;
        if (got < (ssize_t)sizeof type) break;
        memcpy(&type, bytes + length, sizeof type);
        size_t part = (size_t)got - sizeof type;
        memmove(bytes + length, bytes + length + sizeof type, part);
        length += part;
        if (type == SLUICE_FRAME_REQUEST_END) return parse(bytes, length, request);
        if (type != SLUICE_FRAME_REQUEST) break;
    }
    free(bytes);
    return false;
}

char **request_entries(const struct field *field) {
    size_t count = 0;
    for (size_t index = 0; index < field->length; index++) count += field->bytes[index] == 0;
    char **entries = calloc(count + 1, sizeof *entries);
    if (entries == NULL) return NULL;
    char *next = field->bytes;
    for (size_t index = 0; index < count; index++) {
        entries[index] = next;
        next += strlen(next) + 1;
    }
    return entries;
}
