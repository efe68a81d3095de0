/*
 * ha_random.h - spreads things in time and order, and is good for nothing else.
 *
 * Layer: core. Header only.
 */
#pragma once

#include <stdint.h>

/* xorshift32; the state is never 0. */
static inline uint32_t
ha_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}
