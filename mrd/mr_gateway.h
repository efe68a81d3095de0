/*
 * mr_gateway.h - what a guest sees as its router: the same one on every host.
 *
 * Which settings its link needs, what its Router Advertisements say, and when they
 * and the Neighbour Advertisements of an arrival are sent. Frames themselves are
 * made by common/wire/nd.h.
 *
 * Source: RFC 4861 6.2 (Router Advertisements), 7.2.6 (unsolicited Neighbour
 *         Advertisements), RFC 8106 (RDNSS), RFC 6085 (to one MAC), RFC 3963 5.4.2.
 * Layer:  core. Pure: randomness and time are arguments.
 */
#pragma once

#include "common/base/mono.h"
#include "mrd/mr_conf.h"

/* As KERN_SETTING_NAME_MAX and _VALUE_MAX of common/sys/kern.h. */
#define MR_SETTING_NAME_MAX 96
#define MR_SETTING_VALUE_MAX 32

struct mr_setting {
	char name[MR_SETTING_NAME_MAX];
	char value[MR_SETTING_VALUE_MAX];
	char unless[MR_SETTING_VALUE_MAX]; /* leave it if it is this; "": never leave it */
};

#define MR_LINK_SETTINGS_MAX 8
#define MR_HOST_SETTINGS_MAX 2

/*
 * What a guest's link has to be like, in the order in which to make it so. Other
 * link-local addresses on it have to be absent too; which there are, the kernel
 * knows. Both return how many.
 */
size_t mr_gateway_link_settings(const struct mr_gateway_conf *conf, const char *link,
    struct mr_setting ret_v[static MR_LINK_SETTINGS_MAX]);
/* What the host has to be like: a router that still listens to its own (N-41). */
size_t mr_gateway_host_settings(
    const char *uplink, struct mr_setting ret_v[static MR_HOST_SETTINGS_MAX]);
/*
 * Whether it is a router on its uplink, too, with the multicast groups of one (N-42). To be looked
 * at after the above are made: Linux changes this one along with them.
 */
void mr_gateway_uplink_setting(const char *uplink, bool router, struct mr_setting *ret_s);

/* The schedule of one guest. */
struct mr_gateway {
	bool on;       /* the guest runs here */
	mono_t ra_due; /* next unsolicited Router Advertisement */
	mono_t na_due; /* next announcement of the gateway */
	unsigned na_left;
	unsigned tokens; /* for answering solicitations */
	mono_t refilled;
};

#define MR_GATEWAY_ANNOUNCE 3	    /* MAX_NEIGHBOR_ADVERTISEMENT (RFC 4861 10) */
#define MR_GATEWAY_ANNOUNCE_MS 1000 /* RetransTimer between them (RFC 4861 7.2.6) */
#define MR_GATEWAY_TOKENS 3	    /* solicitations answered in a burst, and a second; ours */

/* What is to be sent now: a set of these. */
enum mr_gateway_send { MR_GATEWAY_RA = 1, MR_GATEWAY_NA = 2 };

void mr_gateway_start(struct mr_gateway *gw, mono_t now); /* it arrived: both are due */
void mr_gateway_stop(struct mr_gateway *gw);
/* What it says has changed (MTU, a prefix refused): say so at once. */
void mr_gateway_changed(struct mr_gateway *gw, mono_t now);
/* A Router Solicitation of this guest: may it be answered? */
bool mr_gateway_solicited(struct mr_gateway *gw, mono_t now);
/* What is due; it counts as sent. random: any number, a new one each time. */
unsigned mr_gateway_tick(
    struct mr_gateway *gw, const struct mr_gateway_conf *conf, mono_t now, uint32_t random);
mono_t mr_gateway_due(const struct mr_gateway *gw);

/*
 * The guest's Router Advertisement. mtu: octets that fit into the tunnel, 0 if not
 * known. withdrawn: the home agent refused the prefixes, so all lifetimes are 0.
 */
void mr_gateway_ra(const struct mr_gateway_conf *conf, const struct mr_guest_conf *guest,
    uint32_t mtu, bool withdrawn, struct nd_ra *ret_ra);
/* To the end of it: prefixes that the guest has no more, as far as they fit. */
void mr_gateway_ra_former(const struct mr_gateway_conf *conf, const struct ip6_prefix *former,
    unsigned n, struct nd_ra *ra);
