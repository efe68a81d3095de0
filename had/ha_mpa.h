/*
 * ha_mpa.h - mobile prefix discovery: who is told which prefixes are at home, and when.
 *
 * A mobile node that is bound may ask and is answered, once a second. It is told unasked
 * at some time between the intervals of the policy after it was last told, or after the
 * prefixes have changed, and again after 3, 6 and 12 s until it asks.
 *
 * One entry per binding in a hash; what is due is found by looking through all, at most
 * once a second and only when something is.
 *
 * Source: RFC 6275 6.7, 6.8, 10.6. Requirement M-37.
 * Layer:  core.
 */
#pragma once

#include "common/base/mono.h"
#include "common/wire/icmp6.h"
#include "had/ha_policy.h"

#define HA_MPA_LIMIT_MS 1000   /* RFC 6275 6.8: one a second to a mobile node */
#define HA_MPA_TIMEOUT_MS 3000 /* PREFIX_ADV_TIMEOUT */
#define HA_MPA_RETRIES 3       /* PREFIX_ADV_RETRIES */

struct ha_mpa_node; /* one mobile node */

struct ha_mpas {
	struct ha_mpa_node *by_hoa; /* owned */
	mono_t due;		    /* nothing is due before; something may be due after */
};

/* To this mobile node now; the message and where it goes. */
typedef void ha_mpa_send_fn(
    void *ctx, const struct in6_addr *hoa, const struct in6_addr *coa, uint16_t id);

void ha_mpas_init(struct ha_mpas *m);
void ha_mpas_done(struct ha_mpas *m);

/* hoa is bound at coa, again or anew. 0 or -ENOMEM: it is only answered, then. */
int ha_mpa_bound(struct ha_mpas *m, const struct ha_policy *p, const struct in6_addr *hoa,
    const struct in6_addr *coa, mono_t now, uint32_t random);
void ha_mpa_unbound(struct ha_mpas *m, const struct in6_addr *hoa);

/*
 * A solicitation from hoa, which acknowledges what was said unasked: answered by
 * ha_mpas_tick, now or when the second is over. False: it is not bound here, or the same
 * was asked before.
 */
bool ha_mpa_solicited(struct ha_mpas *m, const struct in6_addr *hoa, uint16_t id, mono_t now);

/* The prefixes of l have changed (NULL: those of the virtual home link): all there are told. */
void ha_mpa_changed(struct ha_mpas *m, const struct ha_policy *p, const struct ha_link *l,
    mono_t now, uint32_t *random);

void ha_mpas_tick(struct ha_mpas *m, const struct ha_policy *p, mono_t now, uint32_t *random,
    ha_mpa_send_fn *send, void *ctx);

/* What is said: the prefixes of the link that hoa is at home on. */
void ha_mpa_make(
    const struct ha_policy *p, const struct in6_addr *hoa, uint16_t id, struct icmp6_mpa *ret_mpa);
