/*
 * ha_verdict.h - what a Binding Update is worth.
 *
 * A pure function of the binding cache, the table, the policy, the time and the
 * message. It changes nothing: receiving a Binding Update is the verdict and then
 * the deed (ha.h); asking whether one would be taken is the verdict alone.
 *
 *	ha_request_from(packet, mh, &q);
 *	ha_verdict(&view, &q, now, &v);
 *	if (ha_reason_status(v.reason) >= 128)
 *		...refused, and the binding stays as it is
 *
 * Source: RFC 6275 9.3.1, 9.5.1, 9.5.4, 10.3.1, 10.3.2; RFC 3963 6.2, 6.6, 6.7;
 *         requirements M-07 to M-28, N-05 to N-26, X-02, X-07, T-04.
 * Layer:  core.
 */
#pragma once

#include "common/wire/mh.h"
#include "had/ha_bind.h"
#include "had/ha_policy.h"
#include "had/ha_prefix.h"
#include "had/ha_reason.h"

/* A Binding Update with what counts of the packet it came in. */
struct ha_request {
	struct in6_addr src; /* on the wire; who is answered */
	struct in6_addr hoa, coa;
	bool has_hao;	/* there was a Home Address option */
	bool has_nonce; /* there was a Nonce Indices option */
	bool inquiry;	/* only asks: whoever asks need not know the sequence number */
	uint16_t seq;
	uint16_t flags; /* enum mh_bu_flag */
	uint32_t lifetime_s;
	uint8_t n;
	struct ip6_prefix prefix[MH_PREFIX_MAX]; /* as they came */
};

/* M-13: care-of address from the option, else the source; home address likewise. */
void ha_request_from(
    const struct ip6_mh_packet *p, const struct mh *bu, struct ha_request *ret_request);

/* Lifetime 0, or a care-of address that is the home address (N-19). */
bool ha_request_deregisters(const struct ha_request *q);

/* What a verdict looks at. */
struct ha_view {
	const struct ha_policy *policy;
	const struct ha_table *table;
	const struct ha_cache *cache;
};

struct ha_verdict {
	enum ha_reason reason;
	uint16_t seq; /* to be answered: the request's, or for 135 the last accepted (M-10) */
	/*
	 * HA_REGISTERED, HA_REFRESHED, HA_MOVED: what the binding is to be. A claim of
	 * it that is another binding's is taken over. Otherwise unspecified.
	 */
	struct ha_reg reg;
	bool prefix_discovery; /* M-21: the home prefix does not outlast it; status 1 */
};

void ha_verdict(const struct ha_view *view, const struct ha_request *q, mono_t now,
    struct ha_verdict *ret_verdict);
