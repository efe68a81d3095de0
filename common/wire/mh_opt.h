/*
 * mh_opt.h - mobility options: the TLVs that follow a Mobility Header message.
 *
 * Source: RFC 6275 6.2; RFC 3963 4.3; RFC 4283, 4285, 5094, 5213, 5555, 5648,
 *         5845, 5847, 6089, 6602, 7148. One row per option in mh_opt.c.
 * Layer:  wire. Bytes in, values out. No I/O, clock, allocation or logging.
 *
 *	struct mh_opts o;
 *
 *	if (mh_opts_get(&r, &o) == 0 && o.n[MH_OPT_ALTCOA])
 *		coa = o.altcoa;
 */
#pragma once

#include "common/wire/ip6.h"

enum mh_opt_type {
	MH_OPT_PAD1 = 0,
	MH_OPT_PADN = 1,
	MH_OPT_REFRESH = 2,	     /* Binding Refresh Advice */
	MH_OPT_ALTCOA = 3,	     /* Alternate Care-of Address */
	MH_OPT_NONCE = 4,	     /* Nonce Indices */
	MH_OPT_BINDING_AUTH = 5,     /* Binding Authorization Data */
	MH_OPT_PREFIX = 6,	     /* Mobile Network Prefix */
	MH_OPT_LINK_LAYER = 7,	     /* MH Link-Layer Address */
	MH_OPT_NODE_ID = 8,	     /* Mobile Node Identifier */
	MH_OPT_AUTH = 9,	     /* Mobility Message Authentication */
	MH_OPT_REPLAY = 10,	     /* Replay Protection */
	MH_OPT_VENDOR = 19,	     /* Vendor Specific */
	MH_OPT_SERVICE = 20,	     /* Service Selection */
	MH_OPT_HOME_PREFIX = 22,     /* Home Network Prefix */
	MH_OPT_HANDOFF = 23,	     /* Handoff Indicator */
	MH_OPT_ACCESS = 24,	     /* Access Technology Type */
	MH_OPT_NODE_LINK_LAYER = 25, /* MN Link-layer Identifier */
	MH_OPT_LINK_LOCAL = 26,	     /* Link-local Address */
	MH_OPT_TIMESTAMP = 27,
	MH_OPT_RESTART = 28,  /* Restart Counter */
	MH_OPT_IPV4_HOA = 29, /* IPv4 Home Address */
	MH_OPT_IPV4_ACK = 30, /* IPv4 Address Acknowledgement */
	MH_OPT_NAT = 31,      /* NAT Detection */
	MH_OPT_IPV4_COA = 32, /* IPv4 Care-of Address */
	MH_OPT_GRE_KEY = 33,
	MH_OPT_BID = 35, /* Binding Identifier */
	MH_OPT_FLOW_SUMMARY = 44,
	MH_OPT_FLOW_ID = 45,   /* Flow Identification */
	MH_OPT_GROUP_ID = 50,  /* MN Group Identifier */
	MH_OPT_DELEGATED = 55, /* Delegated MNP */
	MH_OPT_TYPES	       /* one past the last type in the table */
};

/* Our limits per message; the RFCs set none. A peer controls these counts. */
#define MH_PREFIX_MAX 8
#define MH_VENDOR_MAX 4
#define MH_BID_MAX 4
#define MH_FLOW_MAX 4
#define MH_AUTH_MAX 2

/* A run of octets inside the decoded packet: borrowed, dies with it. */
struct mh_bytes {
	const uint8_t *p;
	uint8_t n; /* octets */
};

struct mh_vendor {	 /* RFC 5094 */
	uint32_t vendor; /* enterprise number */
	uint8_t subtype;
	struct mh_bytes data;
};

struct mh_auth {	 /* RFC 4285; also the Binding Authorization Data's neighbour in spirit */
	uint8_t subtype; /* 1 MN-HA, 2 MN-AAA */
	uint32_t spi;
	struct mh_bytes data;
};

struct mh_bid { /* RFC 5648, 6089 */
	uint16_t id;
	uint8_t status;
	bool home;	    /* H */
	uint8_t priority;   /* 7 bits */
	uint8_t coa_octets; /* 0, 4 (IPv4, in the first octets of coa) or 16 */
	struct in6_addr coa;
};

struct mh_flow { /* RFC 6089 */
	uint16_t id, priority;
	uint8_t status;
	struct mh_bytes sub; /* sub-options, not looked into */
};

struct mh_typed { /* options that are a small code and octets */
	uint8_t code;
	struct mh_bytes data;
};

/* Lifetimes travel as 16-bit units of 4 s (RFC 6275 6.1.7): round down, saturate. */
static inline uint16_t
mh_units(uint32_t seconds)
{
	return (uint16_t)(seconds / 4 < UINT16_MAX ? seconds / 4 : UINT16_MAX);
}

/* Every option of one message, decoded. Zero-initialise before encoding. */
struct mh_opts {
	uint8_t n[MH_OPT_TYPES]; /* how many of each type */

	uint32_t refresh_s; /* multiple of 4, at most 262140 */
	struct in6_addr altcoa;
	uint16_t nonce_home, nonce_careof;
	struct mh_bytes binding_auth; /* 12 octets */
	struct ip6_prefix prefix[MH_PREFIX_MAX];
	struct mh_typed link_layer; /* code 2: the new address */
	struct mh_typed node_id;    /* code: subtype */
	struct mh_auth auth[MH_AUTH_MAX];
	uint64_t replay_ntp; /* NTP: seconds since 1900 << 32 | fraction */
	struct mh_vendor vendor[MH_VENDOR_MAX];
	struct mh_typed service; /* code: reserved, always 0 */
	struct ip6_prefix home_prefix[MH_PREFIX_MAX];
	uint8_t handoff;
	uint8_t access;
	struct mh_bytes node_link_layer;
	struct in6_addr link_local;
	uint64_t timestamp; /* RFC 5213: seconds << 16 | 1/65536 s */
	uint32_t restart;
	struct {
		uint8_t len;	  /* bits, 6-bit field */
		bool want_prefix; /* P */
		struct in_addr addr;
	} ipv4_hoa;
	struct {
		uint8_t status, len;
		struct in_addr addr;
	} ipv4_ack;
	struct {
		bool force;	    /* F */
		uint32_t refresh_s; /* all ones: no keepalive */
	} nat;
	struct in_addr ipv4_coa;
	struct {
		bool has_key;
		uint32_t key;
	} gre;
	struct mh_bid bid[MH_BID_MAX];
	struct mh_bytes flow_summary; /* 16-bit flow identifiers */
	struct mh_flow flow[MH_FLOW_MAX];
	struct {
		uint8_t subtype;
		uint32_t id;
	} group;
	struct {
		bool ipv4; /* V: prefix is in the first 4 octets */
		struct ip6_prefix prefix;
	} delegated;
};

/*
 * Decode all options from r up to its end.
 *
 * Unknown types are skipped (RFC 6275 6.2.1). Reserved bits and what is inside
 * PadN are ignored. A Mobile Network Prefix is taken as it is, whatever its
 * length octet and host bits say: whether it is one is the home agent's verdict
 * (status 141), not a malformed message.
 *
 * Returns 0 with *ret_opts filled in, or -EBADMSG with *ret_opts unspecified and
 * r->pos at the first octet of the option at fault (what an ICMPv6 Parameter
 * Problem pointer wants). A known option of a wrong length, more of one than its
 * row allows, or a length past the end are at fault.
 */
int mh_opts_get(struct wire_reader *r, struct mh_opts *ret_opts);

/*
 * Append the options in o, each on its required alignment, then pad the
 * message to a multiple of 8 octets. w must begin at the Mobility Header:
 * alignment is counted from w->base.
 *
 * Returns 0, or -EMSGSIZE if w is too small or a value does not fit its option
 * (more of one than its row allows, octets longer than the row's maximum).
 */
int mh_opts_put(struct wire_writer *w, const struct mh_opts *o);

/* The option's name as its RFC spells it, or NULL for a type without a row. */
const char *mh_opt_name(uint8_t type);
