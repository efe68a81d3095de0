/*
 * kern_probe.c - which datapath the kernel has (see kern_int.h).
 *
 * Tried, not looked up: in the network namespace and with the rights that we have. What
 * is made for it is gone again at once.
 */
#include <errno.h>
#include <stddef.h>

#include "common/sys/kern_int.h"
#include "common/sys/kern_ip6tnl.h"
#include "common/sys/kern_xfrm.h"

const char *
kern_probe(struct kern *k)
{
	const char *lacking = kern_ip6tnl_try(k);

	if (!lacking)
		lacking = kern_xfrm_try();
	if (!lacking && kern_nft_try(k) < 0)
		lacking = "the packet filter cannot look up reverse paths (nft_fib_ipv6)";
	return lacking;
}
