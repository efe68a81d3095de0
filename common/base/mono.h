/*
 * mono.h - instants and the clock reading handed to every core.
 *
 * A core never reads a clock: whoever calls it says what time it is. Instants
 * are a struct, so that the compiler refuses a plain number.
 *
 * Layer: base. Header only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* An instant: milliseconds of CLOCK_BOOTTIME, which goes on while a host sleeps. */
typedef struct {
	int64_t ms;
} mono_t;

#define MONO_NEVER ((mono_t){ INT64_MAX })

/* One reading of both clocks, taken once per wake-up of the event loop. */
struct tick {
	mono_t now;
	int64_t unix_ms; /* CLOCK_REALTIME; only sequence numbers are made from it */
};

static inline mono_t
mono_add_ms(mono_t t, int64_t ms)
{
	return t.ms == INT64_MAX ? t : (mono_t){ t.ms + ms };
}

static inline bool
mono_before(mono_t a, mono_t b)
{
	return a.ms < b.ms;
}

/* True once `due` has come. MONO_NEVER never comes. */
static inline bool
mono_reached(mono_t now, mono_t due)
{
	return due.ms != INT64_MAX && now.ms >= due.ms;
}

static inline mono_t
mono_min(mono_t a, mono_t b)
{
	return a.ms < b.ms ? a : b;
}

/* Milliseconds from now until `due`; 0 if it has come, INT64_MAX if it never comes. */
static inline int64_t
mono_left_ms(mono_t now, mono_t due)
{
	if (due.ms == INT64_MAX)
		return INT64_MAX;
	return due.ms > now.ms ? due.ms - now.ms : 0;
}
