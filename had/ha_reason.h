/*
 * ha_reason.h - why a message got the answer it got.
 *
 * One row per reason: its name, which is the counter's, the log line's and the
 * event's, and the status that goes into the Binding Acknowledgement.
 *
 * Source: RFC 6275 6.1.8, RFC 3963 4.2.
 * Layer:  core.
 */
#pragma once

#include "common/wire/mh.h"

enum ha_reason {
	HA_REGISTERED, /* first registration, or one with other prefixes */
	HA_REFRESHED,
	HA_MOVED,
	HA_DEREGISTERED,
	HA_ASKED, /* no Binding Update: may somebody have this guest (ha_hand.h)? */

	/* Refused: a Binding Acknowledgement says so. */
	HA_SEQUENCE,		/* M-10 */
	HA_TYPE_CHANGE,		/* M-11: H differs from the binding's */
	HA_ROUTER_CHANGE,	/* N-09: R differs from the binding's */
	HA_NOT_AN_AGENT,	/* M-14 */
	HA_NOT_SERVED,		/* N-12 */
	HA_NO_HOME_OPTION,	/* M-15 */
	HA_ROUTER_WITHOUT_HOME, /* N-05 */
	HA_NO_ROUTERS,		/* N-26 */
	HA_NO_BINDING,		/* M-26 */
	HA_FOREIGN_CAREOF,	/* */
	HA_CAREOF_LOOP,		/* T-04 */
	HA_PREFIX_FORM,		/* N-14: no prefix at all, or overlapping another of the message */
	HA_PREFIX_OVERLAP,	/* N-14: overlaps an unequal one of somebody else */
	HA_NOT_AUTHORIZED,	/* N-11, N-15 */
	HA_PREFIX_TAKEN,	/* */
	HA_HOME_TAKEN,		/* the home address lies in somebody else's prefix, or is ours */
	HA_NO_PREFIX,		/* N-16 */
	HA_FULL,		/* M-16 */
	HA_KERNEL,		/* N-14, N-18: an object could not be set up */
	HA_MEMORY,
	HA_AUTHENTICATION, /* N-47: the hook said a status of its own */
	HA_DUPLICATE,	   /* M-17: somebody on the home link has the address */
	HA_TESTS_FULL,	   /* M-17: too many wait for their tests */

	/* Discarded: nobody is told. */
	HA_UNAUTHENTICATED, /* N-47: the hook said to be silent */
	HA_HOME_ADDRESS,    /* M-07, M-12: not unicast routable */
	HA_SOURCE,	    /* M-24 */
	HA_CAREOF,	    /* M-13 */
	HA_NONCE,	    /* M-11: H together with nonce indices */
	HA_CORRESPONDENT,   /* M-12: meant for a correspondent node, which we are not */
	HA_MALFORMED,	    /* M-01 */
	HA_NOT_FOR_US,	    /* a message that home agents do not take */

	/* Not answered yet: Duplicate Address Detection is under way (M-17). */
	HA_WAITING,

	/* Frames on a home link. */
	HA_CLAIMED,	 /* M-30: somebody else says that an address of a binding is his */
	HA_ND_MALFORMED, /* RFC 4861 7.1 */

	/* Answered with another message. */
	HA_UNKNOWN_TYPE,   /* M-02: Binding Error, status 2 */
	HA_BAD_HEADER,	   /* M-03, M-04: ICMPv6 Parameter Problem */
	HA_NO_HAO_BINDING, /* M-08: Binding Error, status 1 */

	HA_REASONS
};

#define HA_SILENT (-1) /* no Binding Acknowledgement */

const char *ha_reason_name(enum ha_reason r);
/* The status to acknowledge with, or HA_SILENT. */
int ha_reason_status(enum ha_reason r);
