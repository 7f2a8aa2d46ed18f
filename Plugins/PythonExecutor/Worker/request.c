#include "request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

#define FIELD(text) {.bytes = text, .length = sizeof text - 1}

const struct request request_rehearsal = {
    .fields = {
        FIELD("script"), FIELD("rehearsal.py"), FIELD("/rehearsal.py"), FIELD("/"), FIELD("/"), FIELD("{}"),
        FIELD("HOME=/\0PATH=/bin\0"), FIELD("print('rehearsal')\n"),
    },
    .count = 8,
};

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

bool request_read(int socket, struct request *request) {
    uint32_t length;
    if (bytes_read(socket, &length, sizeof length) != 1) return false;
    char *bytes = malloc(length);
    if (bytes == NULL) return false;
    if (bytes_read(socket, bytes, length) == 1 && parse(bytes, length, request)) return true;
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
