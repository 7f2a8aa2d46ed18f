// What executor, worker, supervisor and script say to each other, and how it is framed.
//
//   executor ── control ── worker            one pair of sockets (SOCK_SEQPACKET) for each worker process
//   executor ── attempt ── supervisor        one pair of sockets (SOCK_STREAM) for each attempt
//   executor ── request ── script            one pair of sockets (SOCK_STREAM) for each attempt, written once
//   supervisor ── channel ── script          one pair of sockets (SOCK_SEQPACKET) for each attempt
//   executor ── inspection ── inspector      one pair of sockets (SOCK_STREAM) for each inspector
//
// All numbers are in the machine's byte order: both ends always run on the same machine.
#pragma once

#include <stdint.h>

// The descriptor on which a worker finds its control socket.
enum { SLUICE_CONTROL_DESCRIPTOR = 3 };

// A message on the control socket. Text, if any, follows the structure.
struct sluice_control {
    uint32_t operation;
    // With SLUICE_CONTROL_LOST: 0 when nothing of the attempt was ever started, else 1.
    // With SLUICE_CONTROL_END: the grace in milliseconds.
    uint32_t value;
    // Which attempt it is about; chosen by the executor when it asks for one.
    uint64_t number;
};

enum {
    // To the worker: fork an attempt's processes, which then wait for their request.
    SLUICE_CONTROL_WANT = 1,
    // To the worker. Carries one descriptor, the inspection socket.
    SLUICE_CONTROL_INSPECT = 2,
    // From the worker: they wait. Carries two descriptors: the attempt's socket, and the one for the request.
    SLUICE_CONTROL_OFFER = 3,
    // From the worker: they could not be forked. Text: why.
    SLUICE_CONTROL_FAILED = 4,
    // From the worker: the interpreter is up. Text: its version, such as `3.11.2`.
    SLUICE_CONTROL_READY = 5,
    // From the worker: the interpreter did not start. Text: why.
    SLUICE_CONTROL_REFUSED = 6,
    // From the worker: the attempt's supervisor ended without a final frame; nothing of the attempt lives any more.
    // Text: what happened.
    SLUICE_CONTROL_LOST = 7,
    // To the worker: the attempt has been told to end. A supervisor that takes much longer than the grace, because
    // somebody has stopped it, is ended by the worker with all that is below it.
    SLUICE_CONTROL_END = 8,
};

// Longest text behind a control message, in bytes.
enum { SLUICE_CONTROL_TEXT = 1024 };

// Stands before every frame on an attempt's socket.
struct sluice_frame {
    // Bytes of payload that follow.
    uint32_t length;
    uint32_t type;
    // Nanoseconds since 1970; 0 in frames from the executor.
    int64_t time;
};

enum {
    // From the executor, first: the attempt's working folder, which the supervisor removes in the end. May carry
    // two descriptors that are held open, unused, until the attempt's last process is reaped: locks that must not be
    // released before.
    SLUICE_FRAME_FOLDER = 1,
    // From the executor: end the attempt. Payload: the grace in milliseconds, as uint32_t.
    SLUICE_FRAME_TERMINATE = 2,
    // From the executor: the answer to an event that waits for one. Passed on to the script's side.
    SLUICE_FRAME_REPLY = 3,
    // From the executor, before the folder: struct sluice_limits, which the supervisor holds the attempt to.
    SLUICE_FRAME_LIMITS = 8,
    // From the supervisor: bytes of standard output, of standard error.
    SLUICE_FRAME_OUTPUT = 4,
    SLUICE_FRAME_ERROR = 5,
    // From the supervisor: one message of the script's side; its first byte is one of SLUICE_EVENT_*.
    SLUICE_FRAME_EVENT = 6,
    // From the supervisor, last: every process of the attempt is reaped. Payload: struct sluice_final.
    SLUICE_FRAME_FINAL = 7,
};

// Longest payload of any frame, in bytes.
enum { SLUICE_FRAME_LIMIT = 128 * 1024 };

// How much an attempt may take; 0 where nothing is limited.
struct sluice_limits {
    uint64_t memory_bytes;
    uint64_t cpu_milliseconds;
    uint64_t wall_milliseconds;
    uint32_t processes;
    // What an attempt gets to end itself when its time is over.
    uint32_t grace_milliseconds;
};

enum {
    SLUICE_LIMIT_NONE = 0,
    SLUICE_LIMIT_MEMORY = 1,
    SLUICE_LIMIT_CPU = 2,
    SLUICE_LIMIT_PROCESSES = 3,
    SLUICE_LIMIT_WALL = 4,
};

struct sluice_final {
    // The exit status, when `signal` is 0.
    int32_t status;
    // The signal that ended the script, or 0.
    int32_t signal;
    // How many processes the script had left behind; they were killed.
    int32_t leftovers;
    // Whether the attempt was killed because its grace was over.
    int32_t killed;
    // For which of SLUICE_LIMIT_* the supervisor ended it.
    int32_t limit;
};

enum {
    // The value of the attempt, as JSON. Waits for a reply.
    SLUICE_EVENT_RESULT = 'r',
    // A file to keep: its absolute path, a zero byte, its name. Waits for a reply.
    SLUICE_EVENT_ARTIFACT = 'a',
    // How far the attempt is: the fraction as text or nothing, a zero byte, a text.
    SLUICE_EVENT_PROGRESS = 'p',
    // The exception that ends the script, as JSON.
    SLUICE_EVENT_FAILURE = 'f',
};

// A request is its length as uint32_t, then a list of fields, each a uint32_t length with that many bytes behind. The
// first field says which list it is; the fields that follow are given in order.
//
//   script   name, file, root, folder, context as JSON, environment, source, struct sluice_limits
//   program  folder, arguments, environment
//
// `name` is the script's name in the catalogue, `file` its path in the materialised snapshot, `root` that snapshot's
// folder, `folder` the attempt's working folder. Arguments and environment hold entries that each end with a zero byte.
