/*
 * mr_seq.h - sequence numbers that hosts agree on without talking to each other.
 *
 * A number is the time: unix time x 64 modulo 65536, or one more than the last if
 * the clock's is not newer. A host that never saw a guest's last number sends a
 * newer one as long as clocks agree within the window of 512 s. Where they do not,
 * the home agent answers 135 with its own, and the next is that plus one.
 *
 * Source: RFC 6275 9.5.1 (modulo 2^16, window 32767), 11.7.1, 11.7.3 (135).
 * Layer:  core.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MR_SEQ_PER_S 64
/*
 * After this silence the last number says nothing: bindings live 240 s at most, so
 * the home agent has none of ours, and 256 s is where the clock alone still decides.
 */
#define MR_SEQ_FORGET_MS 256000

struct mr_seq {
	bool any;    /* `last` holds something */
	bool learnt; /* `last` is the home agent's: the next one follows it exactly */
	uint16_t last;
	int64_t at_ms; /* unix time of `last` */
};

uint16_t mr_seq_of_time(int64_t unix_ms);
/* The number for a Binding Update sent now; remembered as the last. */
uint16_t mr_seq_next(struct mr_seq *s, int64_t unix_ms);
/* A number that another host has used: the next one is newer. */
void mr_seq_heard(struct mr_seq *s, uint16_t seq, int64_t unix_ms);
/* The home agent's last accepted number, from a 135. */
void mr_seq_learn(struct mr_seq *s, uint16_t last, int64_t unix_ms);
