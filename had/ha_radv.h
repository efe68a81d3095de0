/*
 * ha_radv.h - Router Advertisements of our own on a home link: when, and what is in them.
 *
 * Source: RFC 4861 6.2 (intervals, solicitations, the last one), 10 (constants); RFC 6275
 *         7.1 to 7.5, 8.4; RFC 3963 7.3. Requirements M-36, N-45.
 * Layer:  core.
 */
#pragma once

#include "common/base/mono.h"
#include "common/wire/nd.h"
#include "had/ha_policy.h"

#define HA_RADV_INITIAL 3	  /* MAX_INITIAL_RTR_ADVERTISEMENTS */
#define HA_RADV_INITIAL_MS 16000  /* MAX_INITIAL_RTR_ADVERT_INTERVAL */
#define HA_RADV_RESPONSE_MS 500	  /* MAX_RA_DELAY_TIME */
#define HA_RADV_MIN_DELAY_MS 3000 /* MIN_DELAY_BETWEEN_RAS */

struct ha_radv {
	unsigned sent; /* up to HA_RADV_INITIAL */
	mono_t last;
	mono_t due; /* MONO_NEVER: not advertising */
};

/* Begin at once, or end. */
void ha_radv_start(struct ha_radv *r, mono_t now);
void ha_radv_stop(struct ha_radv *r);

/* A solicitation has come: all are answered by one advertisement to the group. */
void ha_radv_solicited(struct ha_radv *r, const struct ha_link *l, mono_t now, uint32_t random);
/* Is one to be sent now? Then the next is due at another time. */
bool ha_radv_tick(struct ha_radv *r, const struct ha_link *l, mono_t now, uint32_t random);

/*
 * What we advertise on l. `last`: router lifetime 0, so that nobody uses us any more, as a
 * router or as a home agent.
 */
void ha_radv_make(
    const struct ha_policy *p, const struct ha_link *l, bool last, struct nd_ra *ret_ra);

/* The prefixes of l with R and the whole address where we have one; for RAs and MPAs. */
uint8_t ha_radv_prefixes(
    const struct ha_policy *p, const struct ha_link *l, struct nd_prefix *ret_v);
