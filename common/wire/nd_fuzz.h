/*
 * nd_fuzz.h - make a frame of the fuzzer's one that passes the checksum.
 *
 * Layer: tests only.
 */
#pragma once

#include "common/wire/fuzz.h"
#include "common/wire/nd.h"

enum {
	ND_FUZZ_PAYLOAD_LENGTH = 1, /* bit of the first octet: make that right as well */
	ND_FUZZ_PAYLOAD_LENGTH_AT = 18,
	ND_FUZZ_ICMP_AT = 54,
	ND_FUZZ_MAX = 2048,
};

/* Copy data behind its first octet to frame; returns octets. */
static inline size_t
nd_fuzz_frame(const uint8_t *data, size_t size, uint8_t frame[static ND_FUZZ_MAX])
{
	size_t len = size > 0 && size - 1 <= ND_FUZZ_MAX ? size - 1 : 0;
	struct wire_writer w = { .base = frame, .len = len, .pos = len };
	struct in6_addr src, dst;
	size_t payload;

	if (len < ND_FUZZ_ICMP_AT + 4) {
		memcpy(frame, data + 1, len);
		return len;
	}
	memcpy(frame, data + 1, len);
	memcpy(&src, frame + 22, sizeof(src));
	memcpy(&dst, frame + 38, sizeof(dst));
	if (data[0] & ND_FUZZ_PAYLOAD_LENGTH)
		wire_set_u16(&w, ND_FUZZ_PAYLOAD_LENGTH_AT, (uint16_t)(len - ND_FUZZ_ICMP_AT));
	payload =
	    (size_t)(frame[ND_FUZZ_PAYLOAD_LENGTH_AT] << 8 | frame[ND_FUZZ_PAYLOAD_LENGTH_AT + 1]);
	if (payload < 4 || payload > len - ND_FUZZ_ICMP_AT)
		return len;
	wire_set_u16(&w, ND_FUZZ_ICMP_AT + 2, 0);
	wire_set_u16(&w, ND_FUZZ_ICMP_AT + 2,
	    ip6_checksum(&src, &dst, IP6_ICMP6, frame + ND_FUZZ_ICMP_AT, payload));
	return len;
}
