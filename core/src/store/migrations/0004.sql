-- Statistics are counted from facts in memory (`statistics/facts.rs`) and read none of these.
DROP INDEX hazard_figures;
DROP INDEX hazard_places;
DROP INDEX inspection_figures;
DROP INDEX inspection_duty;
