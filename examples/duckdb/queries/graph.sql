-- The service graph: which service called which, how often, and how many of the calls failed.
select
  edges.service as caller,
  coalesce(callees.service, edges.callee, edges.target) as callee,
  count(*) as calls,
  count_if(edges.outcome is null or not (edges.outcome between '100' and '499' or edges.outcome = 'SENT')) as failed
from edges
left join hops as callees on callees.hop_id = edges.hop_id
group by edges.service, coalesce(callees.service, edges.callee, edges.target)
order by caller, callee
