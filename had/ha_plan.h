/*
 * ha_plan.h - what a binding asks of the kernel.
 *
 * doc/design.md, "Routing on the home agent". A pure function from a registration
 * to a list of kernel objects: whoever calls it twice gets the same list.
 *
 * Source: RFC 3963 6.4, 6.5, 9 (source check); requirements, N-06.
 * Layer:  core.
 */
#pragma once

#include "had/ha_bind.h"
#include "had/ha_policy.h"
#include "had/ha_prefix.h"

/*
 * Append the objects of a live binding: its tunnel, what may come out of it, its
 * routes, and for each former care-of address (v[0..n)) the same tunnel with late
 * passes. Running out of memory is p->bad.
 */
void ha_plan(struct plan *p, const struct ha_policy *policy, const struct ha_reg *reg,
    const struct ha_late *late, uint8_t lates);

/*
 * Append what stands underneath all bindings: an unreachable route for everything
 * served, so that packets for an unbound guest end here and do not loop. What lies on a home link
 * has the link's own route.
 */
void ha_plan_underneath(struct plan *p, const struct ha_policy *policy, const struct ha_table *t);
