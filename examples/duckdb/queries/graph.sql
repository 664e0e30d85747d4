-- The service graph: which service called which, how often, and how many of the calls failed.
select
  calls.service as caller,
  coalesce(callees.service, calls.callee, calls.target) as callee,
  count(*) as calls,
  count_if(calls.outcome is null or not (calls.outcome between '100' and '499' or calls.outcome = 'SENT')) as failed
from calls
left join hops as callees on callees.hop_id = calls.hop_id
group by calls.service, coalesce(callees.service, calls.callee, calls.target)
order by caller, callee
