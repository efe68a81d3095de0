/*
 * fuzz.h - what the fuzz targets of this directory share.
 *
 * A target reads octets from anybody, and where the decoder takes them it
 * encodes what came out and decodes that: the two must say the same. Each is
 * built for libFuzzer (./configure --enable-fuzz) and, in every build, with
 * fuzz_replay.c, which runs the corpus as part of the checks.
 *
 * Layer: tests only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that no input may break. */
#define must(condition)                                                                         \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)
