/*
 * tool.h - what the lab's tools share: a clock, an end, a stop signal.
 *
 * All times are CLOCK_MONOTONIC, which is one and the same in every network
 * namespace: what one tool wrote down can be compared with what another did.
 *
 * Layer: lab.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#define TOOL_NS_PER_S 1000000000LL

int64_t tool_now_ns(void);
struct timespec tool_timespec(int64_t ns);

/* Say what failed on stderr, with errno if it is set, and end with status 1. */
__attribute__((noreturn, format(printf, 1, 2))) void tool_die(const char *fmt, ...);

/* A decimal number from 0 to max, or the end of the program. */
uint64_t tool_number(const char *text, uint64_t max);

/* A descriptor that becomes readable on SIGTERM or SIGINT: the lab says stop. */
int tool_stop_fd(void);

/*
 * Stay on the CPU we are on. What is sent waits in a queue of that CPU for the kernel, on a veth as
 * in a tunnel: a sender that changes over overtakes itself, and the reordering is the lab's.
 */
void tool_stay(void);

/* Into that network namespace, for good or until the next. */
void tool_enter(const char *ns);

/* p with room for n + 1 things of `size` octets; *cap grows by doubling. */
void *tool_grow(void *p, size_t n, size_t *cap, size_t size);
