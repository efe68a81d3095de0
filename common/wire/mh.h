/*
 * mh.h - Mobility Header messages.
 *
 * Source: RFC 6275 6.1, 9.2; RFC 3963 4.1, 4.2 (R flag), RFC 5142 (Home Agent
 *         Switch), RFC 5096 (experimental), RFC 5846 (revocation), RFC 5847
 *         (heartbeat), RFC 7077 (update notification). One row per message type
 *         in mh.c.
 * Layer:  wire. Bytes in, values out. No I/O, clock, allocation or logging.
 *
 *	switch (mh_get(&packet, &m, &at)) {
 *	case MH_OK:      had_receive(h, &packet, &m); break;
 *	case MH_UNKNOWN: answer with a Binding Error, status 2; break;
 *	case MH_PROBLEM: answer with Parameter Problem code 0, pointer at; break;
 *	case MH_DROP:    break;
 *	}
 */
#pragma once

#include "common/wire/mh_opt.h"

enum mh_type {
	MH_BRR = 0,	      /* Binding Refresh Request */
	MH_HOTI = 1,	      /* Home Test Init */
	MH_COTI = 2,	      /* Care-of Test Init */
	MH_HOT = 3,	      /* Home Test */
	MH_COT = 4,	      /* Care-of Test */
	MH_BU = 5,	      /* Binding Update */
	MH_BA = 6,	      /* Binding Acknowledgement */
	MH_BE = 7,	      /* Binding Error */
	MH_EXPERIMENTAL = 11, /* what it says is in its options (hand.h) */
	MH_SWITCH = 12,	      /* Home Agent Switch */
	MH_HEARTBEAT = 13,
	MH_REVOCATION = 16, /* Binding Revocation Indication and Acknowledgement */
	MH_UPN = 19,	    /* Update Notification */
	MH_UPA = 20,	    /* Update Notification Acknowledgement */
	MH_TYPES	    /* one past the last type with a row */
};

#define MH_OCTETS_MAX 1200     /* the longest message we make or take: fits the minimum MTU */
#define MH_SWITCH_MAX 8	       /* home agents in one Home Agent Switch; ours */
#define MH_LIFETIME_MAX 262140 /* seconds: 0xffff units of 4 s */

enum mh_bu_flag {	  /* RFC 6275 6.1.7 and IANA's registry */
	MH_BU_A = 0x8000, /* acknowledge */
	MH_BU_H = 0x4000, /* home registration */
	MH_BU_L = 0x2000, /* link-local address compatibility */
	MH_BU_K = 0x1000, /* key management mobility capability */
	MH_BU_M = 0x0800, /* MAP registration */
	MH_BU_R = 0x0400, /* mobile router, RFC 3963 */
	MH_BU_P = 0x0200, /* proxy registration */
	MH_BU_F = 0x0100, /* force UDP encapsulation */
	MH_BU_T = 0x0080, /* TLV header format */
	MH_BU_O = 0x0040, /* overwrite (P clear) or bulk (P set) */
	MH_BU_S = 0x0020,
	MH_BU_D = 0x0010,
};

enum mh_ba_flag {
	MH_BA_K = 0x80,
	MH_BA_R = 0x40, /* mobile router, RFC 3963 */
	MH_BA_P = 0x20,
	MH_BA_T = 0x10,
	MH_BA_B = 0x08,
	MH_BA_S = 0x04,
	MH_BA_D = 0x02,
};

/* Status of a Binding Acknowledgement. 128 and above are refusals. */
enum mh_status {
	MH_ACCEPTED = 0,
	MH_ACCEPTED_PREFIX_DISCOVERY = 1,
	MH_UNSPECIFIED = 128,
	MH_PROHIBITED = 129,	   /* administratively prohibited */
	MH_NO_RESOURCES = 130,	   /* insufficient resources */
	MH_HOME_UNSUPPORTED = 131, /* home registration not supported */
	MH_NOT_HOME_SUBNET = 132,
	MH_NOT_HOME_AGENT = 133, /* not home agent for this mobile node */
	MH_DAD_FAILED = 134,
	MH_SEQUENCE = 135,	       /* sequence number out of window */
	MH_TYPE_CHANGE = 139,	       /* registration type change disallowed */
	MH_ROUTER_NOT_PERMITTED = 140, /* mobile router operation not permitted */
	MH_INVALID_PREFIX = 141,
	MH_NOT_AUTHORIZED = 142,    /* not authorized for prefix */
	MH_FORWARDING_FAILED = 143, /* forwarding setup failed (prefixes missing) */
	MH_ID_MISMATCH = 144,	    /* MIPV6-ID-MISMATCH */
	MH_ID_REQUIRED = 145,	    /* MIPV6-MESG-ID-REQD */
	MH_AUTH_FAIL = 146,	    /* MIPV6-AUTH-FAIL */
	MH_INVALID_COA = 174,	    /* invalid care-of address */
};

struct mh_bu {
	uint16_t seq;
	uint16_t flags;	     /* enum mh_bu_flag; reserved bits read as 0 */
	uint32_t lifetime_s; /* multiple of 4; 0 de-registers */
};

struct mh_ba {
	uint8_t status;
	uint8_t flags; /* enum mh_ba_flag; reserved bit reads as 0 */
	uint16_t seq;
	uint32_t lifetime_s; /* granted; multiple of 4; meaningless when refused */
};

struct mh_be {
	uint8_t status; /* 1: Home Address option without binding, 2: unknown MH type */
	struct in6_addr home;
};

struct mh_test {	      /* HoTI, CoTI, HoT, CoT */
	uint16_t nonce_index; /* HoT and CoT */
	uint64_t cookie;
	uint64_t token; /* HoT and CoT */
};

struct mh_switch { /* RFC 5142; of a longer list, its beginning */
	uint8_t n;
	struct in6_addr home_agent[MH_SWITCH_MAX];
};

struct mh_heartbeat { /* RFC 5847 */
	bool unsolicited, response;
	uint32_t seq;
};

struct mh_revocation { /* RFC 5846 */
	uint8_t kind;  /* 1 indication, 2 acknowledgement */
	uint8_t code;  /* trigger of an indication, status of an acknowledgement */
	uint16_t seq;
	bool proxy, ipv4_only, global; /* P V G */
};

struct mh_upn { /* RFC 7077 4.1 */
	uint16_t seq, reason;
	bool acknowledge, again; /* A D: again, with the same number */
};

struct mh_upa { /* RFC 7077 4.2 */
	uint16_t seq;
	uint8_t status;
};

struct mh {
	enum mh_type type;
	union {
		struct mh_bu bu;
		struct mh_ba ba;
		struct mh_be be;
		struct mh_test test;
		struct mh_switch sw;
		struct mh_heartbeat hb;
		struct mh_revocation rev;
		struct mh_upn upn;
		struct mh_upa upa;
	};
	struct mh_opts opts;
};

enum mh_verdict { /* RFC 6275 9.2 */
	MH_OK,
	MH_DROP,    /* bad checksum, malformed options: say nothing */
	MH_UNKNOWN, /* type without a row: answer with Binding Error, status 2 */
	MH_PROBLEM, /* answer with ICMPv6 Parameter Problem code 0 at *ret_at */
};

/*
 * Check and decode the Mobility Header of p, in the order of RFC 6275 9.2:
 * checksum, type, payload proto, header length, then message and options.
 *
 * MH_OK fills *ret_mh, whose borrowed octets die with the packet. MH_PROBLEM
 * fills *ret_at: octets from the start of the Mobility Header to the field at
 * fault. Otherwise both are unspecified. A Header Len that does not agree with
 * the octets there are is MH_DROP.
 */
enum mh_verdict mh_get(const struct ip6_mh_packet *p, struct mh *ret_mh, size_t *ret_at);

/*
 * Append the message, its options on their alignment, and the padding. w must
 * be at its beginning. The checksum is left zero: ip6_mh_packet_put fills it.
 * Lifetimes are rounded down to 4 s and end at MH_LIFETIME_MAX.
 * Returns 0, -EMSGSIZE if w is too small, the message longer than MH_OCTETS_MAX
 * or a count above its limit, or -EINVAL for a type without a row.
 */
int mh_put(struct wire_writer *w, const struct mh *m);

/* Names as the RFCs spell them, for logs and JSON; never NULL ("unknown"). */
const char *mh_type_name(uint8_t type);
const char *mh_status_name(uint8_t status);

/* True if sequence number s is newer than last (RFC 6275 9.5.1: modulo 2^16, window 32767). */
static inline bool
mh_seq_newer(uint16_t s, uint16_t last)
{
	return (int16_t)(uint16_t)(s - last) > 0;
}
