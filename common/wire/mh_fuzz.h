/*
 * mh_fuzz.h - the property of a Mobility Header message, for the two targets
 * that come by one.
 *
 * Layer: tests only.
 */
#pragma once

#include "common/wire/fuzz.h"
#include "common/wire/mh_same.h"

/* Octets that encoding may add to those of a lawful message: each option on its alignment. */
static inline size_t
mh_fuzz_padding(const struct mh *m)
{
	size_t options = 1;

	for (unsigned type = 0; type < MH_OPT_TYPES; type++)
		options += m->opts.n[type];
	return options * 7;
}

/* p holds a message that decoded to m: encode that, and decode it between the same addresses. */
static inline void
mh_fuzz_round(const struct ip6_mh_packet *p, const struct mh *m)
{
	static uint8_t message[MH_OCTETS_MAX + 4096], packet[sizeof(message) + 128];
	struct wire_writer inner = { .base = message, .len = sizeof(message) };
	struct wire_writer w = { .base = packet, .len = sizeof(packet) };
	struct ip6_mh_out out = { .src = *ip6_mh_source(p), .dst = *ip6_mh_destination(p) };
	struct ip6_mh_packet again;
	struct mh back;
	size_t at;

	if (mh_put(&inner, m) < 0) {
		must(p->mh_len + mh_fuzz_padding(m) > MH_OCTETS_MAX);
		return;
	}
	must(inner.pos % 8 == 0 && inner.pos <= MH_OCTETS_MAX);
	out.mh = message;
	out.mh_len = inner.pos;
	must(ip6_mh_packet_put(&w, &out) == 0);
	must(ip6_mh_packet_get(packet, w.pos, &again) == 0);
	must(mh_get(&again, &back, &at) == MH_OK);
	must(mh_same(m, &back));
}
