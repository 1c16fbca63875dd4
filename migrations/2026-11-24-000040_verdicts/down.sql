drop table verdicts;
