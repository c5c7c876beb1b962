/** Grey cards in the size of those to come. */
export const WaitingCards = ({ label }: { label: string }) => (
  <div className="entries" role="status" aria-label={label}>
    {Array.from({ length: 6 }, (_, index) => (
      <div key={index} className="card entry skeleton">
        {['55%', '30%', '100%', '80%', '60%'].map((width, line) => (
          <div key={line} style={{ width }} />
        ))}
      </div>
    ))}
  </div>
);
